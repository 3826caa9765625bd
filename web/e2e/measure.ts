// How fast the desk is with 100,000 suspects, for docs/benchmarks.md: npm run measure. Not one of the tests.
// MANY names the built internal/testcall/manysuspects; without it Go builds it.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { createServer, type Server as Web } from 'node:http'
import { cpus, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test, type Browser, type Locator, type Page } from '@playwright/test'
import vue from '@vitejs/plugin-vue'
import { build } from 'vite'
import { api, expect, opened, prefer, signIn, t, type Api } from './desk'
import { root, serve, type Server } from './server'

const many = Number(process.env.SUSPECTS ?? 100_000)
const sorted = (all: number[]) => all.toSorted((a, b) => a - b)
const at = (all: number[], share: number) => sorted(all)[Math.min(all.length - 1, Math.floor(all.length * share))]
const ms = (n: number) => `${n.toFixed(1)} ms`
const told = (what: string, all: number[]) => console.log(`  ${what.padEnd(64)} median ${ms(at(all, 0.5))}, p95 ${ms(at(all, 0.95))}, of ${all.length}`)

let server: Server
let work: string
test.beforeAll(async () => {
  test.setTimeout(900_000)
  work = mkdtempSync(join(tmpdir(), 'refrain-measure-'))
  server = await serve()
  await server.kill()
  const seed = ['-data', server.data, '-n', String(many)]
  if (process.env.MANY) execFileSync(process.env.MANY, seed)
  else execFileSync('go', ['run', './internal/testcall/manysuspects', ...seed], { cwd: root, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' } })
  await server.start()
  const boss = await api(server, 'boss')
  console.log(`${cpus().length} × ${cpus()[0].model}, ${(await boss.get('/v1/suspects:count')).counts.waitingCount} suspects wait`)
})
test.afterAll(async () => {
  await server?.stop()
  if (work) rmSync(work, { recursive: true, force: true })
})

// From the key that decides to the frame that shows the next suspect, and what of that was waiting for the server.
async function decide(page: Page): Promise<{ whole: number; waited: number }> {
  await page.evaluate(() => {
    const w = window as unknown as { shown: Promise<{ whole: number; waited: number }> }
    const name = () => document.querySelector('[data-testid=suspect]:not(.stale)')?.getAttribute('data-name')
    const before = name()
    w.shown = new Promise((done) => {
      addEventListener('keydown', (e) => {
        const begun = e.timeStamp
        const look = () => {
          if (!name() || name() === before) return requestAnimationFrame(look)
          requestAnimationFrame(() => {
            const now = performance.now()
            const claims = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter((r) => r.name.endsWith(':claimNext') && r.responseEnd > begun && r.responseEnd <= now)
            const last = claims.filter((c) => c.startTime < now - 1).at(0)
            done({ whole: now - begun, waited: last ? Math.max(0, last.responseEnd - Math.max(begun, last.startTime)) : 0 })
          })
          return undefined
        }
        look()
      }, { once: true, capture: true })
    })
  })
  await page.keyboard.press('x')
  return page.evaluate(() => (window as unknown as { shown: Promise<{ whole: number; waited: number }> }).shown)
}

test('from a decision to the next suspect', async ({ page }) => {
  test.setTimeout(600_000)
  await prefer(page, {})
  await signIn(page, server, 'wang')
  await opened(page)
  await page.evaluate(() => performance.setResourceTimingBufferSize(5000))
  const calm: number[] = []
  const waited: number[] = []
  for (let i = 0; i < 60; i++) {
    // The next one is there, as it is when somebody listens first.
    const next = page.waitForResponse(/:claimNext$/)
    const d = await decide(page)
    if (i >= 10) calm.push(d.whole)
    await (await next).finished()
  }
  told('from the key to the next suspect shown, the next one there', calm)
  const hasty: number[] = []
  for (let i = 0; i < 60; i++) {
    const d = await decide(page)
    hasty.push(d.whole - d.waited)
    waited.push(d.waited)
  }
  told('the same without a pause, less the wait for the server', hasty)
  told('  the wait for the server', waited)
  const calls = await page.evaluate(() => (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map((r) => ({ path: r.name.replace(/.*\/v1\/(suspects\/\w+)?/, ''), took: r.duration })))
  for (const path of [':decide', 'suspects:claimNext', 'suspects:count']) {
    const of = calls.filter((c) => c.path.split('?')[0] === path).map((c) => c.took)
    if (of.length) told(`  ${path}`, of)
  }
  const claim = calls.filter((c) => c.path.split('?')[0] === 'suspects:claimNext').map((c) => c.took)
  expect(at(calm, 0.5)).toBeLessThan(at(claim, 0.5) + 50)
})

// A page of the same parts that does nothing: Vue, its router, its texts and a button of Element Plus.
async function emptyPage(): Promise<{ address: string; web: Web }> {
  const src = join(root, 'web', 'node_modules', '.empty')
  rmSync(src, { recursive: true, force: true })
  mkdirSync(src, { recursive: true })
  writeFileSync(join(src, 'index.html'), '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>empty</title></head><body><div id="app"></div><script type="module" src="/main.ts"></script></body></html>')
  writeFileSync(join(src, 'main.ts'), `
    import { createApp, h } from 'vue'
    import { createI18n } from 'vue-i18n'
    import { createRouter, createWebHistory, RouterView } from 'vue-router'
    import 'element-plus/es/components/base/style/css.mjs'
    import 'element-plus/es/components/button/style/css.mjs'
    import { ElButton } from 'element-plus/es/components/button/index.mjs'
    const router = createRouter({ history: createWebHistory(), routes: [{ path: '/:all(.*)*', component: { render: () => h(ElButton, () => 'empty') } }] })
    createApp({ render: () => h(RouterView) }).use(createI18n({ legacy: false, locale: 'en', messages: { en: {} } })).use(router).mount('#app')
  `)
  const out = join(work, 'empty')
  await build({ root: src, configFile: false, logLevel: 'error', plugins: [vue()], build: { outDir: out, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } } })
  rmSync(src, { recursive: true, force: true })
  const kinds: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
  const packed = new Map<string, Buffer>()
  const web = createServer((q, r) => {
    const file = join(out, new URL(q.url!, 'http://x').pathname)
    const name = existsSync(file) && extname(file) ? file : join(out, 'index.html')
    if (!packed.has(name)) packed.set(name, gzipSync(readFileSync(name), { level: 9 }))
    r.writeHead(200, { 'Content-Type': kinds[extname(name)] ?? 'application/octet-stream', 'Content-Encoding': 'gzip' }).end(packed.get(name))
  })
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done))
  return { address: `http://127.0.0.1:${(web.address() as { port: number }).port}`, web }
}

const cookiesOf = (who: Api) => who.cookie.split('; ').map((c) => ({ name: c.split('=')[0], value: c.slice(c.indexOf('=') + 1), url: server.address }))

// What comes over the wire until the review page stands, but for the sound, with nothing kept from before.
test('the first load of the review page', async ({ browser }) => {
  const boss = await api(server, 'boss')
  const context = await browser.newContext()
  await context.addCookies(cookiesOf(boss))
  const page = await context.newPage()
  let bytes = 0
  page.on('requestfinished', async (r) => {
    if (/\/audio|\/peaks/.test(r.url())) return
    const s = await r.sizes()
    bytes += s.responseHeadersSize + s.responseBodySize
  })
  await page.goto(`${server.address}/review`)
  await opened(page)
  await page.waitForTimeout(2000) // the calendar comes once the page stands
  console.log(`  the review page's first load: ${Math.round(bytes / 1000)} kB`)
  expect(bytes).toBeLessThan(300_000)
  await context.close()
})

// When something was first painted, with nothing kept from before.
async function firstPaint(browser: Browser, address: string, cookies: { name: string; value: string; url: string }[] = []) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  await context.addCookies(cookies)
  const page = await context.newPage()
  await page.goto(address)
  const painted = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  const paint = (await painted.jsonValue()) as number
  await context.close()
  return paint
}

test('the first paint beside that of an empty page of the same parts', async ({ browser }) => {
  test.setTimeout(600_000)
  const boss = await api(server, 'boss')
  const cookies = cookiesOf(boss)
  const { address, web } = await emptyPage()
  const paints: Record<string, number[]> = { empty: [], 'sign-in': [], review: [], suspects: [] }
  for (let i = 0; i < 11; i++) {
    // In turn, so that what else the machine does comes to all alike.
    paints.empty.push(await firstPaint(browser, address))
    paints['sign-in'].push(await firstPaint(browser, `${server.address}/sign-in`))
    paints.review.push(await firstPaint(browser, `${server.address}/review`, cookies))
    paints.suspects.push(await firstPaint(browser, `${server.address}/suspects`, cookies))
  }
  web.close()
  const base = at(paints.empty, 0.5)
  for (const [what, all] of Object.entries(paints)) {
    all.shift() // what the browser itself does once
    told(`first paint, ${what} (${(at(all, 0.5) / base).toFixed(2)} × empty)`, all)
  }
})

interface Shown {
  whole: number // from the click to the frame with what was clicked for
  waiting: number // how much of it the page stood there without rows
  calls: Record<string, number>
}
// In the page itself: an assertion, which is tried again after 100 and 350 ms, tells no better than that.
async function click(page: Page, link: Locator, shows: string): Promise<Shown> {
  await link.hover()
  await page.waitForLoadState('networkidle')
  await page.evaluate((shows) => {
    const w = window as unknown as { shown: Promise<Shown> }
    performance.clearResourceTimings()
    w.shown = new Promise((done) => {
      addEventListener('click', (e) => {
        const begun = e.timeStamp
        let asked = 0
        const look = () => {
          if (document.querySelector('main [role=status].empty')) asked ||= performance.now()
          if (!document.querySelector(shows)) return requestAnimationFrame(look)
          requestAnimationFrame(async () => {
            const now = performance.now()
            await new Promise((later) => setTimeout(later, 100)) // until the browser has written down what was asked for
            const calls = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter((r) => r.startTime >= begun && r.name.includes('/v1/'))
            done({ whole: now - begun, waiting: asked ? now - asked : 0, calls: Object.fromEntries(calls.map((r) => [new URL(r.name).pathname, r.duration])) })
          })
          return undefined
        }
        look()
      }, { once: true, capture: true })
    })
  }, shows)
  await link.click()
  return page.evaluate(() => (window as unknown as { shown: Promise<Shown> }).shown)
}

test('the lists', async ({ page }) => {
  test.setTimeout(600_000)
  await prefer(page, {})
  await signIn(page, server, 'boss', '/account')
  const took: Record<string, Shown[]> = { 'for the first time, its parts fetched as the pointer came': [], 'again': [] }
  for (let i = 0; i < 20; i++) {
    await page.goto(`${server.address}/account`)
    await expect(page.locator('main h1')).toBeVisible()
    for (const all of Object.values(took)) {
      all.push(await click(page, page.getByRole('link', { name: t('nav.suspects') }), 'table tbody tr'))
      await page.locator('a.who').click()
      await expect(page.locator('table')).toHaveCount(0)
    }
  }
  for (const [when, all] of Object.entries(took)) {
    told(`all suspects, ${when}: from the click to its rows`, all.map((s) => s.whole))
    told('  without rows', all.map((s) => s.waiting))
    for (const path of ['/v1/suspects', '/v1/suspects:count']) {
      const of = all.flatMap((s) => s.calls[path] ?? [])
      told(`  ${path}`, of)
    }
  }
})
