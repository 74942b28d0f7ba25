// What moves by itself: live numbers over an event stream, and the list of devices made again now and then.
// Every page works without this file.
"use strict";

const replace = async (part) => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (fresh) part.replaceChildren(...fresh.childNodes);
};

const refreshed = document.querySelector("[data-refresh]");
if (refreshed) {
  setInterval(() => {
    // Whoever is in the middle of a filter or of a row is not thrown out of it.
    const busy = refreshed.contains(document.activeElement) || String(getSelection()) !== "";
    if (!document.hidden && !busy) replace(refreshed).catch(() => {});
  }, 1000 * Number(refreshed.dataset.refresh));
}

const live = document.querySelector("[data-stream]");
if (live) {
  const off = document.getElementById("stream-off");
  const away = document.getElementById("broker-away");
  const elements = () => new Map([...live.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  let replaced = 0;
  const stream = new EventSource(live.dataset.stream);
  stream.addEventListener("open", () => { off.hidden = true; });
  stream.addEventListener("error", () => {
    off.hidden = false;
    for (const each of elements().values()) show(each, live.dataset.unknown, false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
  const show = (element, text, known) => {
    if (element.textContent === text) return;
    element.textContent = text;
    element.classList.toggle("unknown", !known);
    element.classList.remove("new");
    void element.offsetWidth;
    element.classList.add("new");
  };
  stream.addEventListener("values", (event) => {
    const all = elements();
    let isNew = false;
    for (const [key, [text, known]] of Object.entries(JSON.parse(event.data))) {
      if (all.has(key)) show(all.get(key), text, known);
      else isNew = true;
    }
    // A line or a shop that was not there when the page was made: its place comes from the server.
    if (isNew && Date.now() - replaced > 2000) {
      replaced = Date.now();
      replace(live).catch(() => {});
    }
  });
  stream.addEventListener("broker", (event) => {
    const told = JSON.parse(event.data);
    away.textContent = told;
    away.hidden = told === "";
  });
}
