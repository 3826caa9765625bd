// Which page is shown at which address: internal/httpapi/desk has the same list, to answer each with the page.
import { createRouter, createWebHistory, START_LOCATION } from 'vue-router'
import { link } from './api/client'
import { may, session, whoIsIt } from './session'

declare module 'vue-router' {
  interface RouteMeta {
    right?: string
    title?: string
    open?: boolean
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: () => import('./pages/NotFound.vue') }, // the guard leads on from it
    { path: '/sign-in', component: () => import('./pages/SignIn.vue'), meta: { open: true, title: 'signIn.title' } },
    { path: '/review/:id?', component: () => import('./pages/Review.vue'), meta: { right: 'review', title: 'nav.review' } },
    { path: '/suspects', component: () => import('./pages/Suspects.vue'), meta: { right: 'review', title: 'nav.suspects' } },
    { path: '/freezes', component: () => import('./pages/Freezes.vue'), meta: { right: 'freezes', title: 'nav.freezes' } },
    { path: '/complaints', component: () => import('./pages/Complaints.vue'), meta: { right: 'freezes', title: 'nav.complaints' } },
    { path: '/my-calls', component: () => import('./pages/MyCalls.vue'), meta: { right: 'agentCalls', title: 'nav.myCalls' } },
    { path: '/lexicon', component: () => import('./pages/Lexicon.vue'), meta: { right: 'lexicon', title: 'nav.lexicon' } },
    { path: '/rules', component: () => import('./pages/Rules.vue'), meta: { right: 'lexicon', title: 'nav.rules' } },
    { path: '/overview', component: () => import('./pages/Overview.vue'), meta: { right: 'overview', title: 'nav.overview' } },
    { path: '/system', component: () => import('./pages/System.vue'), meta: { right: 'system', title: 'nav.system' } },
    { path: '/people', component: () => import('./pages/People.vue'), meta: { right: 'people', title: 'nav.people' } },
    { path: '/retention', component: () => import('./pages/Retention.vue'), meta: { right: 'retention', title: 'nav.retention' } },
    { path: '/audit', component: () => import('./pages/Audit.vue'), meta: { right: 'audit', title: 'nav.audit' } },
    { path: '/api', component: () => import('./pages/Api.vue'), meta: { open: true, title: 'nav.api' } },
    { path: '/account', component: () => import('./pages/Account.vue'), meta: { title: 'nav.account' } },
    { path: '/:all(.*)*', component: () => import('./pages/NotFound.vue') },
  ],
})

// Where somebody begins. A redirect of the route itself would be asked before it is known who he is.
const home = () => (may('review') ? '/review' : may('overview') ? '/overview' : may('freezes') ? '/freezes' : may('ownCalls') ? '/my-calls' : '/account')

router.beforeEach(async (to) => {
  // Where the server can't be reached, who asks isn't known: the banner says so until it can.
  while (!session.known) await whoIsIt().catch(() => new Promise((r) => setTimeout(r, 2000)))
  if (session.who && to.path === '/') return home()
  return session.who || to.meta.open ? true : { path: '/sign-in', query: { next: to.fullPath } }
})

// A server that was replaced meanwhile has other parts: its page knows which.
router.onError((_, to, from) => {
  if (from !== START_LOCATION && !link.lost) location.assign(to.fullPath)
})

// ready fetches what a page consists of, before somebody goes there.
export function ready(path: string) {
  for (const { components } of router.resolve(path).matched) {
    const part = components?.default
    if (typeof part === 'function') void (part as () => Promise<unknown>)().catch(() => undefined) // it is asked for again
  }
}
