// What makes the gallery livelier; without it every link and form works all the same.
// Keys: ? tells them all.
"use strict";

const PAUSE = 250; // milliseconds after the last key before the server is asked
const [HOST, FOUND, HREF] = [2, 3, 6]; // of a row of the index
const search = document.querySelector("form[role=search]");
const input = search && search.elements.text;
let asked = 0;
let place = location.hash; // of a folder: the host that is chosen

function told(text) {
  const found = document.querySelector("[data-found]");
  if (found) found.textContent = text;
}

function wanted() {
  return input.value.toLowerCase().split(/\s+/).filter(Boolean);
}

function element(name, text, ...classes) {
  const made = document.createElement(name);
  made.classList.add(...classes);
  made.append(text);
  return made;
}

// A folder has an index of all its pages, as a script: a file may load no other file.
function loaded() {
  return new Promise((done, failed) => {
    if (window.imgcacheIndex) return done(window.imgcacheIndex);
    const script = document.createElement("script");
    script.src = search.dataset.index;
    script.onload = () => done(window.imgcacheIndex);
    script.onerror = failed;
    document.head.append(script);
  });
}

function line([tone, name, host, found, title, spot, href]) {
  const article = element("article", "", "image", tone);
  const way = element("a", title);
  way.href = href;
  way.dataset.go = "";
  const parts = [["what", element("h3", name), element("p", host, "path")],
    ["wrong", element("p", element("span", found, "kind", tone))],
    ["where", element("p", way), element("p", element("bdi", spot), "path", "tail")]];
  article.append(element("div", "", "thumb"));
  for (const [kind, ...some] of parts) {
    const part = element("div", "", kind);
    part.append(...some);
    article.append(part);
  }
  return element("li", article);
}

async function filterFolder() {
  const mine = ++asked;
  const { rows, leftOut } = await loaded();
  if (mine !== asked) return;
  const words = wanted(), chosen = new URLSearchParams(place.slice(1));
  const [host, kind] = [chosen.get("host"), chosen.get("found")];
  const isNarrowed = words.length > 0 || host !== null;
  const found = rows.filter((row) => {
    if (host !== null && row[HOST] !== host) return false;
    if (kind !== null && !row[FOUND].split(", ").includes(kind)) return false;
    // Nobody looks for the name of a file.
    const text = row.filter((_, at) => at !== HREF).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  document.querySelector("section.hits")?.remove();
  for (const section of document.querySelectorAll(".results > section, .results > .pager")) {
    section.hidden = isNarrowed;
  }
  const at = host === null ? "" : ` at ${host}`;
  const more = leftOut ? ` (${leftOut} more images were left out of the search)` : "";
  told(isNarrowed ? `${found.length} of ${rows.length} images match${at}${more}` : "");
  if (!isNarrowed) return;
  const list = element("ol", "", "list");
  list.append(...found.slice(0, 200).map(line));
  const section = element("section", element("h2", "Found"), "hits");
  section.append(list);
  document.querySelector(".results .bar").after(section);
}

// In a folder nobody answers a form: hide what is on this page and does not match.
function filterHere() {
  const words = wanted();
  const cards = [...document.querySelectorAll("[data-words]")];
  for (const card of cards) {
    const text = card.dataset.words.toLowerCase();
    card.parentElement.hidden = !words.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll("main section:has([data-words])")) {
    section.hidden = !section.querySelector("li:not([hidden]) > [data-words]");
  }
  const shown = cards.filter((card) => !card.parentElement.hidden).length;
  told(words.length ? `${shown} of ${cards.length} on this page match` : "");
}

// The service has all pages: ask it, and put its answer in the place of this page's content.
async function filterThere() {
  const mine = ++asked;
  const address = new URL(search.action);
  address.search = new URLSearchParams([...new FormData(search)].filter(([, value]) => value));
  const answer = await fetch(address);
  if (!answer.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked) return;
  document.querySelector("main").replaceChildren(...page.querySelector("main").childNodes);
  document.title = page.title;
  liven();
  history.replaceState(null, "", address);
}

function step(by) {
  const links = [...document.querySelectorAll("article a[data-go]")].filter((a) => a.offsetParent);
  const here = links.findIndex((a) => a.closest("article").contains(document.activeElement));
  const next = links[Math.max(0, Math.min(links.length - 1, here < 0 ? 0 : here + by))];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.closest("article").scrollIntoView({ block: "nearest" });
}

// A page without a script has the text to be selected; with one it has a button.
function liven() {
  for (const part of document.querySelectorAll("button[data-copy], [data-keys], [data-scripted]")) {
    part.hidden = false;
  }
}

async function copy(button) {
  const before = button.firstChild.data;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.firstChild.data = "Copied";
  } catch {
    button.firstChild.data = button.dataset.copy; // to be selected
  }
  setTimeout(() => { button.firstChild.data = before; }, 2000);
}

function edit() {
  const here = document.activeElement.closest("article");
  const way = here && here.querySelector("[data-edit], button[data-copy]");
  if (way) way.click();
}

function clicked(event) {
  const button = event.target.closest("button");
  if (button && "copy" in button.dataset) copy(button);
  if (button && "keys" in button.dataset) document.querySelector("dialog.keys").showModal();
}

function key(event) {
  const writes = event.target.closest("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && input && !writes) input.focus();
  else if (event.key === "j" && !writes) step(1);
  else if (event.key === "k" && !writes) step(-1);
  else if (event.key === "e" && !writes) edit();
  else if (event.key === "?" && !writes) document.querySelector("dialog.keys").showModal();
  else return;
  event.preventDefault();
}

liven();
document.addEventListener("keydown", key);
document.addEventListener("click", clicked);
if (search) {
  const isLocal = "local" in search.dataset;
  let waiting;
  search.hidden = false;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    if ("index" in search.dataset) filterFolder().catch(filterHere);
    else if (isLocal) filterHere();
    else waiting = setTimeout(() => filterThere().catch(() => search.submit()), PAUSE);
  });
  if (isLocal) search.addEventListener("submit", (event) => event.preventDefault());
  if ("index" in search.dataset) {
    const follow = () => {
      // A link to a part of the page changes nothing.
      if (location.hash && !location.hash.startsWith("#host=")) return;
      place = location.hash;
      filterFolder().catch(filterHere);
    };
    window.addEventListener("hashchange", follow);
    if (place) follow();
  }
}
