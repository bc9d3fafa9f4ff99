// The first words of a markdown text without its marks, for one line of a list or a quote.

/** At most `longest` characters of the text, on one line. */
export function plainText(markdown, longest = 120) {
  const text = markdown
    .slice(0, longest * 8)
    .replace(/```[^\n]*\n?/g, " ")
    .replace(/<br\s*\/?>|<\/?font[^<>]*>|&nbsp;/g, " ")
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "[$1]")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^[ \t]*\|.*$/gm, cells)
    .replace(/^\s*(?:#{1,6}\s+|>+\s*|[-*+]\s+)/gm, "")
    .replace(/\*\*|__|~~|`/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** A table's row without its bars; nothing of the row that only rules off the head. */
const cells = (row) => (/^[\s|:-]+$/.test(row) ? "" : row.replaceAll("|", " "));
