/* a code behind the # of the link: into the field, and out of the address */
(() => {
  const code = document.getElementById("code");
  let found = "";
  try {
    found = decodeURIComponent(location.hash.slice(1));
  } catch {
    found = "";
  }
  if (!code || !found) return;
  code.value = found.slice(0, 60);
  history.replaceState(null, "", location.pathname + location.search);
  (document.getElementById("number") || document.querySelector("button")).focus();
})();
