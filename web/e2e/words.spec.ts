import { readFileSync } from 'node:fs'
import { api, expect, opened, passes, prefer, signIn, suspect, t, test } from './desk'

test('a suspect whose claim was renewed since it was shown is decided all the same', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const at = await opened(page)
  const wang = await api(server, 'wang')
  const before = (await wang.get(`/v1/${at}`)).suspect.etag
  expect((await wang.post(`/v1/${at}:claim`)).suspect.etag).not.toBe(before)
  await page.keyboard.press('4')
  await page.keyboard.press('Enter')
  await passes(page, at)
  await expect.poll(async () => (await wang.get(`/v1/${at}`)).suspect).toMatchObject({ state: 'STATE_CONFIRMED', decision: { class: 'stop_calling' } })
  await expect(page.locator('.el-message--error')).toHaveCount(0)
})

test('a suspect that changed comes back with what was chosen, and undo reaches no further', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const first = await opened(page)
  await page.keyboard.press('Enter')
  await passes(page, first)
  const at = await opened(page)
  const wang = await api(server, 'wang')
  await expect.poll(async () => (await wang.get(`/v1/${first}`)).suspect.state).toBe('STATE_CONFIRMED')
  await wang.post(`/v1/${at}:claim`)
  // Its texts were judged anew meanwhile.
  await page.route(`**/v1/${at}`, async (route) => {
    const r = await route.fetch()
    const body = await r.json()
    body.suspect.lexicon = 'another'
    await route.fulfill({ response: r, json: body })
  })
  await page.keyboard.press('3')
  await page.getByLabel(t('rv.keepPeriod')).fill('30')
  await page.getByLabel(t('rv.keepPeriod')).press('Enter') // leaves the field, and confirms nothing
  await expect(suspect(page)).toHaveAttribute('data-name', at)
  await page.keyboard.press('c')
  await page.keyboard.type('twice')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  await expect(page.getByText(t('rv.changedSince'))).toBeVisible()
  await expect(suspect(page)).toHaveAttribute('data-name', at)
  await expect(page.getByRole('radio', { name: t('class.no_need') })).toBeChecked()
  await expect(page.getByLabel(t('rv.keepPeriod'))).toHaveValue('30')
  await expect(page.getByLabel(t('rv.comment'))).toHaveValue('twice')
  await page.keyboard.press('u')
  await expect(page.getByText(t('rv.refusedStays'))).toBeVisible()
  expect((await wang.get(`/v1/${first}`)).suspect.state).toBe('STATE_CONFIRMED')
  await page.unroute(`**/v1/${at}`)
  await opened(page)
  await page.keyboard.press('Enter')
  await passes(page, at)
  await expect.poll(async () => (await wang.get(`/v1/${at}`)).suspect).toMatchObject({ state: 'STATE_CONFIRMED', decision: { class: 'no_need', note: 'twice' } })
})

test('undo names what it takes back, and leaves alone what came before a suspect that was passed on', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang')
  const first = await opened(page)
  const boss = await api(server, 'boss')
  await page.keyboard.press('x')
  await passes(page, first)
  const { maskedNumber: number } = (await boss.get(`/v1/${first}`)).suspect
  await expect(page.getByRole('button', { name: t('rv.undoThis', 'zh', { number, what: t('state.STATE_DISMISSED') }) })).toBeEnabled()
  const second = await opened(page)
  await page.keyboard.press('n')
  await passes(page, second)
  await expect(page.getByText(t('rv.passedOn'))).toBeVisible()
  await page.keyboard.press('u')
  await expect(page.getByText(t('rv.passedStays'))).toBeVisible()
  expect((await boss.get(`/v1/${first}`)).suspect.state).toBe('STATE_DISMISSED')
})

test('lines and agents to filter by are typed', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'wang', '/suspects')
  for (const [name, text] of [['rv.line', 'cards'], ['rv.agent', 'agent-7']]) {
    const box = page.getByRole('search').getByLabel(t(name))
    await box.pressSequentially(text)
    await expect(box).toHaveValue(text)
    await box.press('Enter')
  }
  await expect(page.locator('table.data tbody tr')).toHaveCount(6)
  await page.goto(`${server.address}/review`)
  const box = page.getByRole('search').getByLabel(t('rv.line'))
  await box.pressSequentially('cards')
  await box.press('Enter')
  await expect(page.locator('.facts')).toContainText('cards')
})

test('what was found of a number is gone when another is looked up that is none', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  await boss.post('/v1/freezes', { number: '13700137009', reason: 'asked by letter', requestId: 'f1' })
  await prefer(page, {})
  await signIn(page, server, 'boss', '/freezes')
  const box = page.getByRole('main').getByLabel(t('fz.search'))
  await box.fill('13700137009')
  await box.press('Enter')
  const history = page.locator('.history')
  await expect(history.getByRole('button', { name: t('fz.extend') })).toBeVisible()
  await box.fill('12')
  await box.press('Enter')
  await expect(history.getByText(t('fz.badNumber'))).toBeVisible()
  await expect(history.getByRole('button', { name: t('fz.release') })).toHaveCount(0)
  await expect(history.locator('.events')).toHaveCount(0)
})

test('the navigation of an English admin is one line, and figures are taken along with whole dates', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const [s] = (await boss.get('/v1/suspects?pageSize=1')).suspects
  await boss.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await prefer(page, { language: 'en' })
  await signIn(page, server, 'boss', '/overview')
  const links = page.locator('.bar nav a')
  await expect(links.first()).toBeVisible()
  const tops = await links.evaluateAll((all) => all.map((a) => Math.round(a.getBoundingClientRect().top)))
  expect(new Set(tops).size).toBe(1)
  await page.getByLabel(t('ov.stretch', 'en')).selectOption({ label: t('ov.today', 'en') })
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: `${t('ov.byDay', 'en')}: ${t('ov.csv', 'en')}` }).click()
  const got = await file
  const today = new Date().toLocaleDateString('sv')
  await expect.poll(() => got.suggestedFilename()).toBe(`${t('ov.byDay', 'en')} ${today}_${today}.csv`)
  const text = readFileSync((await got.path())!, 'utf8')
  expect(text).toContain(`"${t('ov.date', 'en')}","${t('ov.confirmed', 'en')}"`)
  expect(text).toMatch(/"\d{4}-\d\d-\d\d",0,1/) // the server's days, which may be another zone's
})
