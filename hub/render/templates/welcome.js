/*
 * Enter sends, though the field has two lines.
 * A code behind the # of the link: into the field, and out of the address.
 */
(() => {
  const code = document.getElementById("code");
  if (!code) return;
  code.addEventListener("keydown", (pressed) => {
    if (pressed.key !== "Enter" || pressed.isComposing) return;
    pressed.preventDefault();
    code.form.requestSubmit();
  });
  let found = "";
  try {
    found = decodeURIComponent(location.hash.slice(1));
  } catch {
    found = "";
  }
  if (!found) return;
  code.value = found.slice(0, 60);
  history.replaceState(null, "", location.pathname + location.search);
  (document.getElementById("number") || document.querySelector("button")).focus();
})();
