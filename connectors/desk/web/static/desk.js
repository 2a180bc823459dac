// Keys, and what a page cannot do as a plain form. Without this file every page works.
(() => {
  "use strict";
  const typing = (e) => /^(input|textarea|select)$/i.test(e.target.tagName) || e.target.isContentEditable;
  let going = false;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("dialog")) return;
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) {
      if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); focusAsk(); }
      return;
    }
    if (going) {
      going = false;
      const link = document.querySelector(`nav.places a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "?") { document.getElementById("keys")?.showModal(); }
    else if (event.key === "/") { event.preventDefault(); focusAsk(); }
    else if (event.key === "g") { going = true; setTimeout(() => { going = false; }, 1200); }
    else if (event.key === "j" || event.key === "k") { move(event.key === "j" ? 1 : -1); }
    else if (event.key === "x") { document.activeElement.closest("tr")?.querySelector('input[type="checkbox"]')?.click(); }
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      document.querySelector(event.key === "ArrowRight" ? 'a[rel="next"]' : 'a[rel="prev"]')?.click();
    }
  });
  const focusAsk = () => document.querySelector(".ask input")?.focus();
  const move = (by) => {
    const rows = [...document.querySelectorAll("main tbody tr a, main .choice button")].filter((e) => e.offsetParent);
    const at = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]?.focus();
  };

  // A dialogue is opened by a button that names it, and closes itself by its form.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) { event.preventDefault(); document.getElementById(opener.dataset.opens)?.showModal(); }
    const all = event.target.closest("[data-checks-all]");
    if (all) for (const box of all.form.querySelectorAll('input[name="row"]')) box.checked = all.checked;
    const copies = event.target.closest("[data-copies]");
    if (copies) navigator.clipboard?.writeText(document.getElementById(copies.dataset.copies).textContent.trim());
  });
  // A choice that is a form of its own is sent when it changes.
  document.addEventListener("change", (event) => { if (event.target.matches("[data-sends]")) event.target.form.requestSubmit(); });
  // Nothing is sent twice by two clicks, nor by one on each of two buttons.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.hasAttribute("hx-post") || event.submitter?.formMethod === "get") return;
    const buttons = [...event.target.elements].filter((e) => e.matches("button"));
    if (event.target.method === "post") setTimeout(() => { for (const b of buttons) b.disabled = true; }, 0);
  });
  // A file is sent as it is; what the server says of it is shown as any page would be, or in its own words.
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-file]");
    if (!form) return;
    event.preventDefault();
    const button = event.submitter;
    button.disabled = true;
    const [file] = form.querySelector('input[type="file"]').files;
    const headers = { "Content-Type": "application/octet-stream" };
    let said = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: file, headers, redirect: "manual" });
      if (answer.type === "opaqueredirect") { location.assign(form.dataset.file); return; }
      said = await answer.text();
    } catch { /* no answer: what stands in the form's words is all that is known */ }
    const main = new DOMParser().parseFromString(said, "text/html").getElementById("main");
    if (!main) { tell(form, [form.dataset.failed, said]); button.disabled = false; return; }
    document.getElementById("main").replaceWith(main);
    document.querySelector("main [role=alert]")?.focus();
  });
  const tell = (form, lines) => {
    form.parentElement.querySelector(".note[role=alert]")?.remove();
    const note = document.createElement("div");
    note.className = "note stop";
    note.setAttribute("role", "alert");
    note.tabIndex = -1;
    for (const line of lines.filter(Boolean)) note.append(Object.assign(document.createElement("p"), { textContent: line }));
    form.before(note);
    note.focus();
  };
  window.addEventListener("pageshow", () => { for (const b of document.querySelectorAll("button[disabled]")) b.disabled = false; });

  const narrow = matchMedia("(max-width: 56rem)");
  const fold = () => { const d = document.querySelector("nav.places details"); if (d) d.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
})();
