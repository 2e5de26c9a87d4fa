setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const here of document.querySelectorAll("[data-live]")) {
      const there = page.getElementById(here.id);
      if (there && here.innerHTML !== there.innerHTML && !here.contains(document.activeElement)) here.innerHTML = there.innerHTML;
    }
  } catch { /* the demo has ended: what stands here stays */ }
}, 2000);
