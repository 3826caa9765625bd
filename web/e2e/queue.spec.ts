import { api, decisions, expect, fillIn, opened, passes, prefer, signIn, suspect, t, test } from './desk'
import { password } from './server'
import type { Page } from '@playwright/test'

test('two who judge at once never get the same suspect', async ({ page, browser, server }) => {
  const other = await (await browser.newContext()).newPage()
  for (const p of [page, other]) await prefer(p, {})
  await Promise.all([signIn(page, server, 'wang'), signIn(other, server, 'li')])
  const judge = async (p: Page) => {
    const seen: string[] = []
    const open = p.getByTestId('confirm').and(p.locator(':enabled'))
    for (;;) {
      await expect(open.or(p.locator('[data-testid=nothing] .big'))).toBeVisible()
      const at = await suspect(p).getAttribute('data-name', { timeout: 500 }).catch(() => null)
      if (!at) return seen
      seen.push(at)
      await p.keyboard.press(seen.length % 2 ? 'Enter' : 'x')
      await passes(p, at)
    }
  }
  await Promise.all([page, other].map(opened)) // or who is here first may judge all of them
  const [mine, theirs] = await Promise.all([judge(page), judge(other)])
  expect(mine.filter((s) => theirs.includes(s))).toEqual([])
  expect(Math.min(mine.length, theirs.length)).toBeGreaterThan(0)
  const boss = await api(server, 'boss')
  const all = (await boss.get('/v1/suspects?pageSize=100')).suspects
  expect(new Set([...mine, ...theirs])).toEqual(new Set(all.map((s: any) => s.name)))
  await expect.poll(async () => (await decisions(boss)).length).toBe(all.length)
  for (const { suspect: s, by } of await decisions(boss)) expect(by === 'wang' ? mine : theirs).toContain(s)
  await other.context().close()
})

test.describe('with a short lease', () => {
  test.use({ env: { REFRAIN_REVIEW_LEASE: '2s' } })
  test('a suspect whose lease is over goes to another, and who had it is told when he decides', async ({ page, browser, server }) => {
    await prefer(page, {})
    await signIn(page, server, 'wang')
    const at = await opened(page)
    const boss = await api(server, 'boss')
    await expect.poll(async () => (await boss.get(`/v1/${at}`)).suspect.state).toBe('STATE_OPEN')

    const li = await api(server, 'li')
    const taken = (await li.post('/v1/suspects:claimNext', {})).suspect
    expect(taken.name).toBe(at) // the oldest
    await li.post(`/v1/${at}:claim`, { lease: '600s' })

    await page.keyboard.press('Enter')
    await expect(page.getByText('li').and(page.locator('.el-message *'))).toBeVisible()
    await passes(page, at)
    expect((await boss.get(`/v1/${at}`)).suspect).toMatchObject({ state: 'STATE_CLAIMED', claim: { reviewer: 'li' } })
    await li.post(`/v1/${at}:decide`, { verdict: 'VERDICT_DISMISSED' })
    expect(await decisions(boss)).toEqual([{ suspect: at, by: 'li' }])
  })
})

const decideOnce = async (page: Page, server: any, name: string, by = 'wang') => {
  const boss = await api(server, 'boss')
  await expect.poll(async () => (await boss.get(`/v1/${name}`)).suspect.state, { timeout: 20_000 }).toBe('STATE_CONFIRMED')
  await expect.poll(() => page.evaluate(() => localStorage.getItem('refrain.orders.wang'))).toBe('[]')
  expect(await decisions(boss)).toEqual([{ suspect: name, by }])
}

for (const [where, reaches] of [['before the server heard of it', false], ['before the answer came', true]] as const) {
  test(`a connection that is lost ${where} neither doubles nor loses a decision`, async ({ page, server }) => {
    await prefer(page, {})
    await signIn(page, server, 'wang')
    const at = await opened(page)
    const ids: string[] = []
    await page.route(/:decide$/, async (route) => {
      ids.push(route.request().postDataJSON().requestId)
      if (ids.length > 2) return route.continue()
      if (reaches) await route.fetch()
      await route.abort('connectionreset')
    })
    await page.keyboard.press('Enter')
    await passes(page, at)
    await decideOnce(page, server, at)
    expect(ids.length).toBe(3)
    expect(new Set(ids).size).toBe(1)
  })
}

test('a decision that is on its way outlives a reload and the server', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  await server.kill()
  await page.keyboard.press('Enter')
  await expect(page.getByText(t('top.lost'))).toBeVisible()
  await server.start()
  await page.reload()
  await decideOnce(page, server, at)
  await expect(page.getByText(t('top.lost'))).toHaveCount(0)
  expect(await opened(page)).not.toBe(at)
})

test('who is signed out elsewhere in the middle of a decision signs in again, and it is made once', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  let over = false
  await page.route(/:decide$/, async (route) => {
    if (!over) server.refrain(['user', 'sign-out', 'wang'])
    over = true
    await route.continue()
  })
  await page.keyboard.press('Enter')
  await expect(page.getByText(t('top.signedOut'))).toBeVisible()
  const boss = await api(server, 'boss')
  expect(await decisions(boss)).toEqual([])
  await page.getByRole('button', { name: t('top.signInAgain') }).click()
  const form = page.getByRole('dialog', { name: t('top.signInAgain') })
  await form.locator('input[name=password]').fill(password)
  await form.locator('input[name=password]').press('Enter')
  await expect(page.getByText(t('top.signedOut'))).toHaveCount(0)
  await decideOnce(page, server, at)
})

test('another who signs in after a session is over decides nothing of the first', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  server.refrain(['user', 'sign-out', 'wang'])
  await page.keyboard.press('Enter')
  await expect(page.getByText(t('top.signedOut'))).toBeVisible()
  await page.getByRole('button', { name: t('top.signInAgain') }).click()
  // Nothing but the name is in the way of the decision any more.
  const boss = await api(server, 'boss')
  await boss.post(`/v1/${at}:release`)
  const next = page.waitForResponse(/:claimNext$/)
  await fillIn(page.getByRole('dialog', { name: t('top.signInAgain') }), 'li')
  await expect(page.getByText(t('top.signedOut'))).toHaveCount(0)
  expect((await next).ok()).toBe(true)
  await opened(page)
  await expect(page.getByText(t('rv.doneToday', 'zh', { n: '1' }))).toHaveCount(0)
  expect(await decisions(boss)).toEqual([])
})

test('the list of suspects tells the class that was found and the decided one, and why one was passed on', async ({ page, server }) => {
  const [sun, wang] = [await api(server, 'sun'), await api(server, 'wang')]
  const { suspects } = await sun.get('/v1/suspects?pageSize=100')
  const [decided, passed] = ['more-0', 'more-1'].map((call) => suspects.find((s: any) => s.callId === call))
  expect(decided.class).not.toBe('complaint')
  await sun.post(`/v1/${decided.name}:decide`, { verdict: 'VERDICT_CONFIRMED', class: 'complaint' })
  await wang.post(`/v1/${passed.name}:pass`, { note: '听不清是否本人' })
  await prefer(page, {})
  await signIn(page, server, 'sun', '/suspects')
  const row = page.getByRole('row').filter({ hasText: 'more-0' })
  await expect(row.getByRole('cell').nth(2)).toHaveText(t(`class.${decided.class}`))
  await expect(row).toContainText(t('list.decidedAs', 'zh', { class: t('class.complaint') }))
  await expect(page.getByRole('row').filter({ hasText: 'more-1' })).toContainText(t('rv.passedBy', 'zh', { who: 'wang', note: '听不清是否本人' }))
  await page.getByRole('link', { name: t('list.find') }).click()
  await expect(page.getByRole('main').getByLabel(t('fz.search'))).toBeVisible()
})

test('clearing the filters of the list puts all of them back to what the page begins with', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'sun', '/suspects')
  const rows = page.locator('table.data tbody tr')
  await expect(rows.nth(3)).toBeVisible()
  const all = await rows.count()
  const bar = page.getByRole('search')
  const clear = bar.getByRole('button', { name: t('rv.clear') })
  const mine = bar.getByLabel(t('list.mineOnly'))
  await expect(clear).toHaveCount(0)
  await mine.check()
  await expect(rows).toHaveCount(0)
  await clear.click()
  await expect(mine).not.toBeChecked()
  await expect(rows).toHaveCount(all)
  const order = bar.getByLabel(t('rv.order'))
  await order.selectOption({ label: t('rv.byScore') })
  await expect(order).toHaveValue('SUSPECT_ORDER_SCORE')
  await bar.getByLabel(t('list.state')).selectOption('STATE_DISMISSED')
  await expect(rows).toHaveCount(0)
  await clear.click()
  await expect(order).toHaveValue('SUSPECT_ORDER_NEWEST')
  await expect(bar.getByLabel(t('list.state'))).toHaveValue('STATE_UNSPECIFIED')
  await expect(rows).toHaveCount(all)
  await expect(clear).toHaveCount(0)
})

test('the list shows what was left to a supervisor, and what was decided when', async ({ page, server }) => {
  const wang = await api(server, 'wang')
  const [one, two] = (await wang.get('/v1/suspects?pageSize=2')).suspects
  await wang.post(`/v1/${one.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await wang.post(`/v1/${two.name}:pass`, { note: '方言' })
  await prefer(page, {})
  await signIn(page, server, 'wang', '/suspects')
  const rows = page.locator('table.data tbody tr')
  await expect(rows.nth(2)).toBeVisible()
  const bar = page.getByRole('search')
  await bar.getByLabel(t('list.state')).selectOption({ label: t('rv.passed') })
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText(two.callId)
  await bar.getByRole('button', { name: t('rv.clear') }).click()
  await expect(rows.nth(2)).toBeVisible()
  for (const [day, n] of [['ov.today', 1], ['ov.yesterday', 0]] as const) {
    await bar.getByPlaceholder(t('list.decidedOn')).click()
    await page.getByRole('button', { name: t(day), exact: true }).locator('visible=true').click()
    await expect(rows).toHaveCount(n)
  }
  await bar.getByRole('button', { name: t('rv.clear') }).click()
  await expect(rows.nth(2)).toBeVisible()
  await expect(bar.getByPlaceholder(t('list.decidedOn'))).toHaveValue('')
})
