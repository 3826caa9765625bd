// How the page talks to the server: one function, by which every request carries the session's token against
// forged requests, and every failure becomes an ApiError.
import { reactive } from 'vue'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly meta: Record<string, string> = {},
  ) {
    super(message)
  }
  // Nobody answered, or somebody in between did: whether the request took effect is not known.
  get unknownOutcome() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

// What the whole page shows of the connection.
export const link = reactive({ lost: false, signedOut: false })

// What the server's clock says: leases end by it, whatever this machine's says.
let ahead = 0
export const serverNow = () => Date.now() + ahead

let csrf = ''
let actor = ''
// As whom requests are made. Before there are people and keys, whoever sits at the server's own machine may do
// everything, and must say who acts.
export function actAs(name: string, token: string) {
  csrf = token
  actor = name ? '' : 'local'
}

type Query = Record<string, string | number | boolean | string[] | undefined | null>

export function address(path: string, query?: Query): string {
  const q = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) for (const v of value) q.append(key, v)
    else if (value !== undefined && value !== null && value !== '' && value !== false && value !== 0) q.set(key, String(value))
  }
  const text = q.toString()
  return text ? `${path}?${text}` : path
}

// A file that is no JSON.
export async function file(path: string, signal?: AbortSignal): Promise<Blob> {
  const r = await fetch(path, { headers: actor ? { 'Refrain-Actor': actor } : {}, signal })
  if (!r.ok) throw await failureOf(r)
  return r.blob()
}
// Where the browser's own player finds a file: it can't say who acts, so where that must be said, it is fetched.
export const fileAddress = async (path: string) => (actor ? URL.createObjectURL(await file(path)) : path)

// An answer that goes on, a JSON message a line.
export async function lines<T>(path: string, query: Query, message: (m: T) => void, stop: AbortSignal) {
  const r = await fetch(address(path, query), { headers: actor ? { 'Refrain-Actor': actor } : {}, signal: stop, cache: 'no-store' })
  if (!r.ok || !r.body) throw await failureOf(r)
  const reader = r.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const parts = (rest + value).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.trim()) message(JSON.parse(part))
  }
}

export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-Refrain-CSRF'] = csrf
  if (actor) headers['Refrain-Actor'] = actor
  let r: Response
  try {
    r = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, cache: 'no-store' })
  } catch (e) {
    if (signal?.aborted) throw e
    link.lost = true
    throw new ApiError(0, 'CONNECTION_LOST', String(e))
  }
  link.lost = false
  const date = Date.parse(r.headers.get('Date') ?? '')
  if (date) ahead = date - Date.now()
  if (r.ok) return (r.status === 204 ? undefined : await r.json()) as T
  const failure = await failureOf(r)
  if (r.status === 401 && path !== '/v1/sessions') link.signedOut = true
  throw failure
}

async function failureOf(r: Response): Promise<ApiError> {
  const text = await r.text().catch(() => '')
  try {
    const body = JSON.parse(text)
    const info = (body.details ?? []).find((d: { reason?: string; metadata?: Record<string, string> }) => d.reason)
    return new ApiError(r.status, info?.reason ?? '', body.message ?? text, info?.metadata ?? {})
  } catch {
    return new ApiError(r.status, '', text || r.statusText)
  }
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', address(path, query), undefined, signal)
export const post = <T>(path: string, body: unknown = {}) => call<T>('POST', path, body)

// A name for a request: sent again under the same one, it takes effect once.
export const requestId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('')

const pauses = [500, 1000, 2000, 4000, 8000]

// insist sends a change again, under the same request id, for as long as nobody knows whether it took effect.
// It gives up only where the server says no, or where it is no longer wanted.
export async function insist<T>(path: string, body: Record<string, unknown>, onWait?: (tries: number) => void, wanted = () => true): Promise<T> {
  const named = { ...body, requestId: body.requestId ?? requestId() }
  for (let tries = 1; ; tries++) {
    try {
      return await post<T>(path, named)
    } catch (e) {
      const again = e instanceof ApiError && (e.unknownOutcome || e.status === 401)
      if (!again) throw e
      onWait?.(tries)
      await waitForLink(pauses[Math.min(tries, pauses.length) - 1])
      if (!wanted()) throw e
    }
  }
}

// Until some time is over, or longer: until somebody has signed in again.
async function waitForLink(ms: number) {
  await new Promise((r) => setTimeout(r, ms))
  while (link.signedOut) await new Promise((r) => setTimeout(r, 300))
}

// seconds of what the API calls a duration, such as "15.190s".
export const seconds = (d?: string | null) => (d ? Number.parseFloat(d) : 0)
export const duration = (s: number) => `${s}s`
export const idOf = (name: string) => name.slice(name.lastIndexOf('/') + 1)
