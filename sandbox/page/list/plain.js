// The first words of a markdown text without its marks, for one line of a list or a quote.

const LONGEST = 120;

/** At most 120 characters of the text, on one line. */
export function plainText(markdown) {
  const text = markdown
    .slice(0, LONGEST * 8)
    .replace(/```[^\n]*\n?/g, " ")
    .replace(/<br\s*\/?>|<\/?font[^<>]*>|&nbsp;/g, " ")
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "[$1]")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}\s+|>+\s*|[-*+]\s+|\|)/gm, "")
    .replace(/\*\*|__|~~|`|\|?(?:\s*:?-{3,}:?\s*\|)+/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
