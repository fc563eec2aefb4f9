// Renews the page's content every ten seconds, unless somebody is reading a part of it with the keyboard or has selected text.
const every = 10_000;
const main = document.getElementById("status");
const footer = document.querySelector("footer");
document.getElementById("live").hidden = false;

async function renew() {
  if (document.hidden || !getSelection().isCollapsed || main.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(every) });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const wanted = next.getElementById("status");
  for (const each of main.querySelectorAll("details")) {
    const same = wanted.querySelector(`#${CSS.escape(each.id)}`);
    if (same) same.open = each.open;
  }
  const scrolled = new Map([...main.querySelectorAll(".scroll")].map((each) => [each.ariaLabel, each.scrollLeft]));
  main.replaceChildren(...wanted.childNodes);
  for (const each of main.querySelectorAll(".scroll")) each.scrollLeft = scrolled.get(each.ariaLabel) ?? 0;
  footer.replaceChildren(...next.querySelector("footer").childNodes);
  document.getElementById("live").hidden = false;
  document.title = next.title;
}

async function keepRenewing() {
  try {
    await renew();
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
  }
  setTimeout(keepRenewing, every);
}

setTimeout(keepRenewing, every);
