// The live tail: rows come in frames, the account says what became of every record, a pause keeps its place.
const CAP = 500;
const STALE_MS = 3000;
const panel = document.getElementById("tail");
const rows = document.getElementById("rows");
const waiting = document.getElementById("waiting");
const filter = document.getElementById("tail-filter");
const pauseButton = document.getElementById("pause");
const jumpButton = document.getElementById("jump");
const mark = document.getElementById("tail-state");
const sentence = document.getElementById("tail-sentence");
const base = { received: 0, shown: 0, filtered: 0, dropped: 0 };
const totals = { ...base };
const arrivals = [];
let socket = null;
let places = new URLSearchParams(location.search).get("from") || "";
let paused = false;
let heardAt = 0;
let wait = 250;
let status = null;

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b|[{}[\],:]|\s+/g;

function json(cell, text) {
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) cell.append(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [whole, string, colon, number, word] = match;
    if (string) {
      cell.append(span(colon ? "k" : "s", string));
      if (colon) cell.append(": ");
    } else if (number) cell.append(span("n", number));
    else if (word) cell.append(span("w", word));
    else cell.append(whole === "," ? ", " : whole.trim() ? whole : "");
  }
  cell.append(text.slice(at));
}

function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

function payload(cell, [kind, text]) {
  cell.className = kind === "json" ? "value json" : "value";
  if (kind === "null" || kind === "empty") cell.append(span("null", kind));
  else if (kind === "json") json(cell, text);
  else cell.textContent = text.replaceAll("\n", " ");
}

function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

function clock(ms) {
  return ms < 0 ? "—" : new Date(ms).toISOString().slice(11, 23);
}

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function line([partition, offset, ms, key, value, size]) {
  const row = document.createElement("tr");
  for (let i = 0; i < 6; i++) row.append(document.createElement("td"));
  const [where, at, time, keyCell, valueCell, sizeCell] = row.children;
  const badge = span("partition", String(partition));
  badge.style.setProperty("--hue", (partition * 31) % 360);
  where.append(badge);
  const link = document.createElement("a");
  link.href = `${panel.dataset.messageUrl}${partition}/${offset}/`;
  link.dataset.row = "";
  link.textContent = grouped(offset);
  at.append(link);
  at.className = "num mono";
  time.className = "mono faint";
  time.textContent = clock(ms);
  payload(keyCell, key);
  payload(valueCell, value);
  sizeCell.className = "num faint";
  sizeCell.textContent = bytes(size);
  row.dataset.offset = `${partition}:${offset}`;
  return row;
}

function show(received) {
  if (!received.length) return;
  waiting.hidden = true;
  const fragment = document.createDocumentFragment();
  for (const record of received.slice(-CAP).reverse()) fragment.append(line(record));
  rows.prepend(fragment);
  while (rows.children.length > CAP) rows.lastElementChild.remove();
}

function put(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== text) element.textContent = text;
}

function account() {
  for (const name of Object.keys(totals)) {
    totals[name] = base[name] + (status ? status[name] : 0);
    put(name, totals[name].toLocaleString("en"));
  }
  const now = performance.now();
  arrivals.push([now, totals.received]);
  while (arrivals.length > 2 && now - arrivals[0][0] > 2000) arrivals.shift();
  const [then, before] = arrivals[0];
  put("rate", now - then < 200 ? "0" : Math.round((totals.received - before) / (now - then) * 1000).toLocaleString("en"));
}

function describe() {
  const behind = status.behind.toLocaleString("en");
  const element = document.getElementById("behind");
  element.className = status.behind && status.state !== "live" ? "late" : "";
  put("behind", status.behind ? `behind by ${behind} records` : "up to date");
  put("viewers", `${status.viewers} viewer${status.viewers === 1 ? "" : "s"}, 1 reader`);
  paused = status.state === "paused";
  pauseButton.disabled = false;
  put("pause", paused ? "Resume" : "Pause");
  pauseButton.classList.toggle("primary", true);
  jumpButton.hidden = !(status.behind && (paused || status.state === "catching up"));
  put("jump", `Jump to live, skip ${behind}`);
  put("tail-sentence", words(behind));
}

function words(behind) {
  if (status.reader === "gone") return "The topic is gone.";
  if (status.reader === "away") return "No broker answers. The tail goes on from the same place as soon as one does.";
  if (status.silent) return `Some leader has not answered for ${status.silent.toFixed(0)} s; nothing is skipped meanwhile.`;
  if (status.state === "paused") return status.behind ? `Paused: ${behind} records wait, none is lost.` : "Paused, and nothing waits.";
  if (status.state === "catching up") return `Catching up: ${behind} records to go, in order.`;
  return "Records as they arrive, each accounted for.";
}

function tell() {
  const age = performance.now() - heardAt;
  const open = socket && socket.readyState === WebSocket.OPEN && age < STALE_MS;
  const live = open && status && status.reader === "reading" && !status.silent;
  mark.dataset.state = live && !paused ? "live" : "stale";
  const state = !open ? (heardAt ? "reconnecting" : "connecting") : !live ? (status ? status.reader : "connecting") : status.state;
  put("tail-state", state);
}

function receive(event) {
  const frame = JSON.parse(event.data);
  heardAt = performance.now();
  wait = 250;
  status = frame.status;
  places = status.places || places;
  show(frame.rows);
  account();
  describe();
  tell();
}

function query() {
  const wanted = new URLSearchParams();
  const form = new FormData(filter);
  for (const name of ["text", "partition"]) if (form.get(name)) wanted.set(name, form.get(name));
  return wanted;
}

function connect() {
  const wanted = query();
  if (places) wanted.set("from", places);
  if (paused) wanted.set("paused", "1");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live/tail/${encodeURIComponent(panel.dataset.topic)}/?${wanted}`);
  socket.onmessage = receive;
  socket.onclose = () => {
    // The next connection counts from zero again; what was counted so far stays.
    Object.assign(base, totals);
    status = null;
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 4000);
    tell();
  };
}

function send(command) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command));
}

function filterChanged() {
  const form = new FormData(filter);
  send({ do: "filter", text: form.get("text"), partition: form.get("partition") || null });
  const wanted = query().toString();
  history.replaceState(null, "", wanted ? `?${wanted}` : location.pathname);
}

pauseButton.addEventListener("click", () => send({ do: paused ? "resume" : "pause" }));
jumpButton.addEventListener("click", () => send({ do: "jump" }));
filter.addEventListener("input", filterChanged);
filter.addEventListener("submit", (event) => { event.preventDefault(); filterChanged(); });
document.getElementById("share").addEventListener("click", async (event) => {
  const wanted = query();
  if (places) wanted.set("from", places);
  await navigator.clipboard.writeText(`${location.origin}${location.pathname}?${wanted}`);
  event.target.textContent = "Copied";
  setTimeout(() => { event.target.textContent = "Share this place"; }, 1500);
});
setInterval(tell, 500);
setInterval(() => { if (status) account(); }, 1000);
connect();
