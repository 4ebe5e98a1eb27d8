// Single-key shortcuts by the place of the key, so that they work in every keyboard layout.
// The pages do all of this without the file; the account page switches it off.
"use strict";
(() => {
  const verdicts = {
    KeyV: "violates", KeyN: "does_not_violate", KeyP: "protective", KeyU: "cannot_tell",
    KeyX: "unreachable", KeyR: "refer",
  };
  const rows = [...document.querySelectorAll("td a.ref")];
  const form = document.querySelector("#decide form");
  const typing = (element) => element.closest("textarea, select, input:not([type=radio]):not([type=checkbox])");

  const choose = (code) => {
    const radio = form.querySelector(`input[name=verdict][value=${verdicts[code]}]`)
      || (code === "KeyN" && form.querySelector("input[name=verdict][value=not_distress]"));
    if (radio) { radio.checked = true; radio.focus(); }
    return Boolean(radio);
  };
  const step = (by) => {
    const at = rows.indexOf(document.activeElement);
    const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (next) next.focus();
    return Boolean(next);
  };

  document.addEventListener("keydown", (event) => {
    if (form && event.code === "Enter" && event.ctrlKey && form.contains(event.target)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button.main-action"));
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat) return;
    if (typing(event.target)) return;
    let done = false;
    if (form && event.code in verdicts) done = choose(event.code);
    else if (form && event.code === "KeyC") { form.querySelector("textarea").focus(); done = true; }
    else if (event.code === "KeyJ") done = step(1);
    else if (event.code === "KeyK") done = step(-1);
    if (done) event.preventDefault();
  });
})();
