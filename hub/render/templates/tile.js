/*
 * While the page stays open: say when its rows grow stale, and read the tile again each minute.
 * Nothing moves under somebody's hands: no reading while the tile has the focus or a selection.
 * Without this script the sentence "updated ..., valid until ..." stands.
 */
(() => {
  "use strict";
  const part = (id, page = document) => page.getElementById(id);
  const tile = part("tile");
  let last = Date.now();

  const late = () => {
    const warning = part("late");
    if (warning === null || !(Date.now() > Date.parse(tile.dataset.until))) return;
    part("live").replaceChildren(warning.content);
    warning.remove();
    tile.dataset.trust = "stale";
  };

  const busy = () =>
    document.hidden ||
    (document.hasFocus() && document.activeElement !== document.body) ||
    !getSelection().isCollapsed;

  const take = (page) => {
    const unfolded = tile.querySelector("details")?.open ?? false;
    for (const id of ["live", "rows", "foot"]) {
      const html = part(id, page).innerHTML;
      if (part(id).innerHTML !== html) part(id).innerHTML = html;
    }
    Object.assign(tile.dataset, part("tile", page).dataset);
    const fold = tile.querySelector("details");
    if (fold) fold.open = unfolded;
  };

  const renew = async () => {
    last = Date.now();
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (part("tile", page)) take(page);
  };

  setInterval(() => {
    if (Date.now() - last >= 60000 && !busy()) renew().catch(() => {}).then(late);
    late();
  }, 5000);
  late();
})();
