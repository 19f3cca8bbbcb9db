// Keyboard: "/" goes to the first filter, "j" and "k" walk the rows of a list, "x" chooses one,
// Enter opens one.
// Without this script everything works with Tab and Enter.
"use strict";
(() => {
  const rows = () => Array.from(document.querySelectorAll("tbody a[data-row], tbody th a"));
  const typing = (el) => el && /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) && el.type !== "checkbox";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(document.activeElement)) return;
    const links = rows();
    const row = document.activeElement && document.activeElement.closest("tbody tr");
    const at = links.findIndex((link) => row && row.contains(link));
    if (event.key === "j" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
    else if (event.key === "k" && links.length) links[Math.max(at - 1, 0)].focus();
    else if (event.key === "x" && row) {
      const box = row.querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
    } else if (event.key === "/") {
      const first = document.querySelector(".filters a, .filters select, .filters input");
      if (first) { event.preventDefault(); first.focus(); }
    }
  });
})();
