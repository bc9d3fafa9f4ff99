// The first letters of a rendered tree. Pure: the given nodes are never changed.

const HEAVY = "img,hr,br"; // each counts as one letter

/** The top-level nodes of a document fragment, without the white space between blocks. */
export const nodesOf = (content) => [...content.childNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE || node.data?.trim());

/** How many letters there are in it. */
export function weight(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.length;
  if (node.nodeType !== Node.ELEMENT_NODE) return 0;
  return node.textContent.length + node.querySelectorAll(HEAVY).length + (node.matches(HEAVY) ? 1 : 0);
}

/** A copy that ends after so many letters; null when nothing of it is left. */
export function cut(node, letters) {
  if (letters <= 0) return null;
  return copy(node, { left: letters });
}

function copy(node, budget) {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = head(node.data, budget.left);
    budget.left -= node.data.length;
    return document.createTextNode(text);
  }
  const made = node.cloneNode(false);
  if (node.nodeType === Node.ELEMENT_NODE && node.matches(HEAVY)) budget.left -= 1;
  for (const child of node.childNodes) {
    if (budget.left <= 0) break;
    made.append(copy(child, budget));
  }
  return made;
}

/** Never half of a character that takes two places. */
function head(text, length) {
  const isHalf = length < text.length && /[\uD800-\uDBFF]/.test(text[length - 1] ?? "");
  return text.slice(0, isHalf ? length + 1 : length);
}
