// Keeps a page current: pushed fragments are morphed into place, and the age of what is shown is told.
import { morph } from "./morph.js";

const STALE_MS = 3000;
const mark = document.getElementById("freshness");
let seenAt = performance.now() - Number(mark?.dataset.ageMs || 0);
let known = mark?.dataset.state === "live" || Number(mark?.dataset.ageMs) > 0;
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
let socket = null;
let pause = 250;

function age(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

function tell() {
  if (!mark || document.hidden) return;
  const ms = performance.now() - seenAt;
  const stale = !known || ms > STALE_MS;
  mark.dataset.state = stale ? "stale" : "live";
  mark.textContent = known ? `${stale ? "last seen" : "live"} · ${age(ms)}` : "not seen yet";
}

function receive(event) {
  const news = JSON.parse(event.data);
  if (news.age_ms !== null) {
    known = true;
    seenAt = performance.now() - news.age_ms;
  }
  for (const [id, html] of Object.entries(news.parts)) {
    const element = document.getElementById(id);
    if (element) morph(element, html);
  }
  // What is pushed is rendered for no request: the token of this page is put in its place.
  for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = token;
  tell();
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const address = `${scheme}://${location.host}/live${location.pathname}${location.search}`;
  const opened = new WebSocket(address);
  socket = opened;
  opened.onopen = () => { pause = 250; };
  opened.onmessage = receive;
  opened.onclose = () => {
    if (socket !== opened) return;
    setTimeout(() => { if (socket === opened) connect(); }, pause);
    pause = Math.min(pause * 2, 4000);
  };
}

function reconnect() {
  const old = socket;
  socket = null;
  old?.close();
  connect();
}

if (mark) setInterval(tell, 250);
if (document.body.hasAttribute("data-live")) {
  connect();
  // htmx changes the address without loading a page: the socket follows it.
  document.addEventListener("htmx:pushedIntoHistory", reconnect);
  document.addEventListener("htmx:replacedInHistory", reconnect);
  document.addEventListener("htmx:historyRestore", reconnect);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  }
});

// Where one stands is in sight also where the row of places is longer than the screen.
for (const place of document.querySelectorAll(".nav [aria-current], .tabs [aria-current]")) {
  const beyond = place.getBoundingClientRect().right - place.parentElement.getBoundingClientRect().right;
  if (beyond > 0) place.parentElement.scrollLeft += beyond + 24;
}

// A record is chosen by its row as well as by its offset; the rest of it appears beside the list.
document.addEventListener("click", (event) => {
  const row = event.target.closest(".records tbody tr");
  const link = row?.querySelector("a[data-row]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || String(getSelection())) return;
  event.preventDefault();
  for (const chosen of document.querySelectorAll(".records tr.chosen")) chosen.classList.remove("chosen");
  row.classList.add("chosen");
  htmx.ajax("GET", link.getAttribute("href"), { target: "#inspect", swap: "innerHTML" });
});

// On a narrow screen the whole record stands below the list: show that it is there.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id === "inspect") event.detail.target.scrollIntoView({ block: "nearest", behavior: "smooth" });
});

document.addEventListener("htmx:load", (event) => {
  for (const button of event.target.querySelectorAll?.("[data-copy]") || []) button.hidden = false;
});

// What was to stand in a place of the page says there why it does not. A list takes its place out of a whole page: where
// that does not come, its address is opened, which says why.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig, pathInfo } = event.detail;
  if (new URL(xhr.responseURL).pathname === "/sign-in/") {
    // Signed out meanwhile: loaded again, the page leads to the door, and the door back to it.
    event.preventDefault();
    location.reload();
    return;
  }
  if (xhr.status < 400) return;
  if (requestConfig.elt.closest("[hx-select]")) {
    event.preventDefault();
    location.assign(pathInfo.finalRequestPath);
  } else {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("htmx:historyCacheMissLoadError", () => location.reload());

function onlyWhatFits() {
  const start = document.querySelector("#read select[name=start]");
  for (const label of document.querySelectorAll("#read [data-for]")) {
    label.hidden = label.dataset.for !== start?.value;
    for (const input of label.querySelectorAll("input")) input.disabled = label.hidden;
  }
}
document.querySelector("#read select[name=start]")?.addEventListener("change", onlyWhatFits);
onlyWhatFits();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const words = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = words; }, 1500);
});
