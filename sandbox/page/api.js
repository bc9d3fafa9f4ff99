// Speaks to the sandbox's JSON API: one function to call it, one to bring it a file.

const PATIENCE_MS = 40_000; // longer than the longest wait of the API
export const LARGEST_FILE = 20 * 1024 * 1024;

/** An answer that is none: `status` is the HTTP status, or 0 when nobody answered. */
export class CallFailed extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** GET /sandbox/{path}, or POST with a body; resolves to the JSON, rejects with CallFailed. */
export function call(path, body, { signal, method } = {}) {
  const options = body === undefined ? { method } : {
    method: method ?? "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  return answer(path, options, signal);
}

/** Bring a File; resolves to {file, name, bytes, kind}, rejects with CallFailed (413 when it is too large). */
export function upload(file) {
  if (file.size > LARGEST_FILE) return Promise.reject(new CallFailed("too large", 413));
  const name = encodeURIComponent(file.name || "file");
  return answer(`files?name=${name}`, { method: "POST", body: file });
}

/** For loads that nobody waits for: that the sandbox is gone is the feed's to tell, everything else is reported. */
export function reportUnlessGone(error) {
  if (error.status !== 0) reportError(error);
}

/** The address of the bytes of an uploaded file. */
export const mediaAddress = (id) => `/sandbox/media/${encodeURIComponent(id)}`;

async function answer(path, options, signal) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let response;
  try {
    response = await fetch(`/sandbox/${path}`, { ...options, signal: signal ? AbortSignal.any([signal, patience]) : patience });
  } catch (error) {
    throw new CallFailed(error.message, 0);
  }
  const found = await response.json().catch(() => null); // whatever stands between may answer in HTML
  if (!response.ok || found === null) throw new CallFailed(found?.error ?? `HTTP ${response.status}`, response.status);
  return found;
}
