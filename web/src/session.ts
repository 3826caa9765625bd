// Who is signed in, and what they may do here. The server decides that anew with every request; this is only
// for not showing what would be refused.
import { computed, reactive } from 'vue'
import { ApiError, actAs, call, get, link, post } from './api/client'
import type { Role, Session } from './api/types'

export const session = reactive<{ known: boolean; who: Session | null }>({ known: false, who: null })

function enter(s: Session) {
  actAs(s.name, s.csrfToken)
  session.who = s
  session.known = true
  link.signedOut = false
}

export async function whoIsIt(): Promise<Session | null> {
  try {
    enter(await get<Session>('/v1/sessions/current'))
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 401) throw e
    session.who = null
    session.known = true
    link.signedOut = false
  }
  return session.who
}

export async function signIn(name: string, password: string, code: string) {
  enter(await post<Session>('/v1/sessions', { name, password, code }))
}

export async function signOut() {
  await call<void>('DELETE', '/v1/sessions/current')
  session.who = null
}

// Whether a provider of OpenID Connect is set up: the server sends browsers on to it, or knows none.
export async function hasProvider(): Promise<boolean> {
  try {
    return (await fetch('/v1/sessions/oidc', { redirect: 'manual' })).type === 'opaqueredirect'
  } catch {
    return false
  }
}

const rights: Record<string, Role[]> = {
  review: ['ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  freezes: ['ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  changeFreezes: ['ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  lexicon: ['ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  tryLexicon: ['ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  changeLexicon: ['ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  backtest: ['ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_ADMIN'],
  overview: ['ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  system: ['ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_MONITOR', 'ROLE_ADMIN'],
  retry: ['ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  supervise: ['ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  retention: ['ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  changeHolds: ['ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  audit: ['ROLE_AUDITOR', 'ROLE_ADMIN'],
  seeSuspects: ['ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  ownCalls: ['ROLE_AGENT'],
  agentCalls: ['ROLE_AGENT', 'ROLE_REVIEWER', 'ROLE_SUPERVISOR', 'ROLE_ANALYST', 'ROLE_AUDITOR', 'ROLE_ADMIN'],
  appeal: ['ROLE_AGENT', 'ROLE_SUPERVISOR', 'ROLE_ADMIN'],
  people: ['ROLE_AUDITOR', 'ROLE_ADMIN'],
  changePeople: ['ROLE_ADMIN'],
}
export const may = (what: keyof typeof rights | string) => session.who !== null && (rights[what] ?? []).includes(session.who.role)

// May see numbers in full. Whoever asks from the server's own machine before there are keys isn't told so.
export const reveals = computed(() => session.who !== null && (session.who.reveals || session.who.name === ''))
// Signed in as a person, who has a password and can sign out.
export const isPerson = computed(() => session.who !== null && session.who.csrfToken !== '')
