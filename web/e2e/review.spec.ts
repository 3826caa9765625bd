import { expect, test, type Page } from '@playwright/test'
import { password, serve, type Server } from './server'

let server: Server
test.beforeAll(async () => {
  server = await serve({ boss: 'admin', wang: 'reviewer' })
})
test.afterAll(() => server?.stop())

// What a page says on the console, but for what was refused on purpose.
function complaints(page: Page) {
  const all: string[] = []
  page.on('console', (m) => m.type() === 'error' && !m.text().startsWith('Failed to load resource') && all.push(m.text()))
  page.on('pageerror', (e) => all.push(e.message))
  return all
}

async function signIn(page: Page, name: string) {
  await page.goto(`${server.address}/review`)
  await page.locator('input[name=username]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.locator('input[name=password]')).toHaveCount(0)
}
const open = (page: Page) => page.getByTestId('suspect')
const name = async (page: Page) => (await open(page).getAttribute('data-name')) ?? ''

test('a reviewer signs in and judges all samples by keyboard, two keys each at most', async ({ page }) => {
  const wrong = complaints(page)
  await signIn(page, 'wang')
  await expect(open(page)).toBeVisible()
  const seen: string[] = []

  // A decision whose answer is lost is sent again under the same id, and takes effect once.
  const ids: string[] = []
  await page.route(/:decide$/, async (route) => {
    ids.push(route.request().postDataJSON().requestId)
    if (ids.length === 1) {
      await route.fetch() // the server decides, and nobody hears of it
      await route.abort()
    } else await route.continue()
  })

  while (await open(page).isVisible()) {
    const at = await name(page)
    expect(seen).not.toContain(at)
    seen.push(at)
    if (seen.length === 2) await page.keyboard.press('4')
    await page.keyboard.press('Enter')
    await expect(async () => {
      if (await open(page).isVisible()) expect(await name(page)).not.toBe(at)
    }).toPass({ timeout: 10_000 })
  }
  await expect(page.getByTestId('nothing')).toBeVisible()
  expect(seen.length).toBeGreaterThan(2)
  await expect.poll(() => ids.length).toBe(seen.length + 1)
  expect(ids[0]).toBe(ids[1])
  expect(new Set(ids).size).toBe(seen.length)
  await expect.poll(() => page.evaluate(() => localStorage.getItem('refrain.orders.wang'))).toBe('[]')

  const gate = await page.evaluate(() => fetch('/v1/numbers/13800138011:check').then((r) => r.json()))
  expect(gate.answer.allowed).toBe(false)
  expect(wrong).toEqual([])
})

test('undo takes the last decision back and opens its suspect', async ({ page }) => {
  await signIn(page, 'boss')
  const decided = await page.evaluate(() => fetch('/v1/suspects?state=STATE_CONFIRMED').then((r) => r.json()))
  const last = decided.suspects.at(-1).name
  const csrf = await page.evaluate(() => fetch('/v1/sessions/current').then((r) => r.json()).then((s) => s.csrfToken))
  await page.evaluate(([n, token]) => fetch(`/v1/${n}:revert`, { method: 'POST', body: '{"reason":"once more"}', headers: { 'Content-Type': 'application/json', 'X-Refrain-CSRF': token } }), [last, csrf])
  await page.reload()
  await expect(open(page)).toHaveAttribute('data-name', last)
  await page.keyboard.press('x')
  await expect(page.getByTestId('nothing')).toBeVisible()
  await page.keyboard.press('u')
  await expect(open(page)).toHaveAttribute('data-name', last)
})

test('when the session is over, a decision waits until somebody signs in again', async ({ page, context }) => {
  await signIn(page, 'boss')
  await expect(open(page)).toBeVisible()
  const at = await name(page)
  const cookies = await context.cookies()
  await context.clearCookies()
  await page.keyboard.press('Enter')
  await expect(page.locator('.banner.bad')).toBeVisible()
  await context.addCookies(cookies)
  await page.locator('.banner.bad button').click()
  const form = page.locator('.el-dialog .sign-in')
  await form.locator('input[name=password]').fill(password)
  await page.keyboard.press('Enter')
  await expect(page.locator('.banner.bad')).toBeHidden()
  await expect.poll(() => page.evaluate((n) => fetch(`/v1/${n}`).then((r) => r.json()).then((a) => a.suspect.state), at)).toBe('STATE_CONFIRMED')
})

test('every page opens without an error', async ({ page }) => {
  const wrong = complaints(page)
  await signIn(page, 'boss')
  for (const path of ['/suspects', '/freezes', '/lexicon', '/rules', '/overview', '/system', '/people', '/account']) {
    await page.goto(server.address + path)
    await expect(page.locator('main h1')).toBeVisible()
    await page.waitForLoadState('networkidle')
    await expect(page.locator('.el-message--error')).toHaveCount(0)
  }
  expect(wrong).toEqual([])
})
