// Turns one element into another by the least change, so that focus, selection, scrolling and transitions stay.

export function morph(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  const wanted = template.content.firstElementChild;
  if (wanted) become(element, wanted);
}

function become(old, wanted) {
  if (old.nodeType !== wanted.nodeType || old.nodeName !== wanted.nodeName || old.id !== wanted.id) {
    old.replaceWith(wanted);
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== wanted.nodeValue) old.nodeValue = wanted.nodeValue;
    return;
  }
  // What a push cannot know, such as this page's CSRF token, stays as it is.
  if (old.hasAttribute("data-keep")) return;
  attributes(old, wanted);
  children(old, [...wanted.childNodes]);
}

function attributes(old, wanted) {
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

// Children that have an id are found again wherever they stand; the others are taken in order.
function children(parent, wanted) {
  const named = new Map([...parent.children].filter((child) => child.id).map((child) => [child.id, child]));
  let at = parent.firstChild;
  for (const node of wanted) {
    const same = node.id ? named.get(node.id) : null;
    if (same && same !== at) parent.insertBefore(same, at);
    const present = same || (at && !at.id && !node.id ? at : null);
    if (!present) {
      parent.insertBefore(node, at);
      continue;
    }
    const next = present === at ? at.nextSibling : at;
    become(present, node);
    at = next;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}
