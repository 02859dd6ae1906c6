// A `fetch` that repeats a request that was refused for a while, or that got no answer.

const ATTEMPTS = 5;

/** A 429 has changed nothing. After a 503, or without an answer, a write may have taken effect. */
function isSafeToRepeat({ method, headers }: Request, status?: number): boolean {
  if (status === 429) return true;
  if (status !== undefined && status !== 503) return false;
  return ["GET", "PUT", "DELETE"].includes(method) || headers.has("Idempotency-Key") || headers.has("If-Match");
}

export async function fetchWithRetries(request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    // A body can be sent once, so each attempt sends a copy.
    const answer = await fetch(request.clone()).catch((error: Error) => error);
    const response = answer instanceof Response ? answer : undefined;
    if (attempt === ATTEMPTS || !isSafeToRepeat(request, response?.status)) {
      if (response) return response;
      throw answer;
    }
    const seconds = Number(response?.headers.get("Retry-After") ?? 2 ** (attempt - 1));
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}
