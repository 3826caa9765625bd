// Numbers by what people have of them, complaints, one's own suspects, and what agents see.
import AxeBuilder from '@axe-core/playwright'
import { api, expect, opened, passes, prefer, settled, signIn, t, test, type Api, type Language } from './desk'
import { numberOf, type Server } from './server'
import type { Page } from '@playwright/test'

const of = async (who: Api, call: string) => (await who.get('/v1/suspects?pageSize=100')).suspects.find((s: any) => s.callId === call)
const decide = async (server: Server, call: string, verdict = 'VERDICT_CONFIRMED') => {
  const sun = await api(server, 'sun')
  const s = await of(sun, call)
  return (await sun.post(`/v1/${s.name}:decide`, { verdict, note: 'said it twice' })).suspect
}
const history = (page: Page) => page.locator('.history')
const search = async (page: Page, text: string) => {
  const box = page.getByRole('main').getByLabel(t('fz.search'))
  await box.fill(text)
  await box.press('Enter')
}

test('a masked number leads to its history, from freezes, suspects and the review page', async ({ page, server }) => {
  const s = await decide(server, 'more-0')
  await prefer(page, {})
  await signIn(page, server, 'wang', '/freezes')
  await page.getByRole('link', { name: s.maskedNumber }).first().click()
  await expect(page).toHaveURL(new RegExp(`/freezes\\?of=${s.decision.freeze}`))
  await expect(history(page).getByText(t('fz.denied'))).toBeVisible()
  await expect(history(page).locator('.top')).toContainText(s.maskedNumber)
  await expect(history(page).locator('li.freeze')).toHaveCount(1)
  await expect(history(page).locator('li.decision')).toContainText('sun')
  await expect(page.getByText(numberOf('more-0'))).toHaveCount(0)
  await expect(page.getByRole('button', { name: t('rv.reveal') })).toHaveCount(0)

  await page.goto(`${server.address}/suspects`)
  await page.getByRole('row').filter({ hasText: t('state.STATE_CONFIRMED') }).getByRole('link', { name: s.maskedNumber, exact: true }).click()
  await expect(page).toHaveURL(new RegExp(`of=${s.name}`))
  await expect(history(page).locator('li.freeze')).toHaveCount(1)

  await page.goto(`${server.address}/review`)
  await opened(page)
  const beside = page.context().waitForEvent('page')
  await page.locator('.facts .masked a').click()
  const tab = await beside
  await expect(tab.locator('.history .top')).toContainText('****')
  await expect(tab.locator('.history').getByText(t('fz.noEvents')).or(tab.locator('.history .events li').first())).toBeVisible()
  await expect(tab.locator('.history').getByText(t('fz.denied'))).toHaveCount(0) // what is to be decided is told nothing
  await tab.close()
  await opened(page) // and is still his
})

test('a supervisor who has the number shown goes on with all of it', async ({ page, server }) => {
  const s = await decide(server, 'more-0')
  await prefer(page, {})
  await signIn(page, server, 'sun', `/freezes?of=${s.decision.freeze}`)
  await expect(history(page).getByRole('button', { name: t('fz.releaseNumber') })).toHaveCount(0)
  await history(page).getByRole('button', { name: t('rv.reveal') }).click()
  const dialog = page.getByRole('dialog', { name: t('rv.reveal') })
  await dialog.getByRole('textbox').fill('he called us')
  await dialog.getByRole('button', { name: t('rv.reveal') }).click()
  await expect(history(page).locator('.top')).toContainText(numberOf('more-0'))
  await expect(history(page).getByRole('button', { name: t('fz.releaseNumber') })).toBeVisible()
  expect(page.url()).not.toContain(numberOf('more-0'))
})

test('the other suspects of a number are one click away', async ({ page, server }) => {
  await server.send('01-not-interested.wav', { call_id: 'again', number: numberOf('more-0'), agent: 'agent-7', line: 'loans', customer_channel: 'right' })
  await server.heard()
  const s = await decide(server, 'more-0')
  await prefer(page, {})
  await signIn(page, server, 'wang', '/suspects')
  const row = page.getByRole('row').filter({ hasText: t('state.STATE_CONFIRMED') })
  await row.getByRole('link', { name: `${t('list.sameNumber')} ${s.maskedNumber}` }).click()
  await expect(page).toHaveURL(new RegExp(`of=${s.name}`))
  await expect(page.locator('table.data tbody tr')).toHaveCount(2)
  await expect(page.getByText(t('list.ofNumber', 'zh', { number: s.maskedNumber }))).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: t('list.all') }).click()
  await expect(page.locator('table.data tbody tr').nth(3)).toBeVisible()
})

test('so they are from the review page, which keeps what is open', async ({ page, server }) => {
  await server.send('01-not-interested.wav', { call_id: 'again', number: numberOf('more-0'), agent: 'agent-7', line: 'loans', customer_channel: 'right' })
  await server.heard()
  const at = (await of(await api(server, 'sun'), 'again')).name
  await prefer(page, {})
  await signIn(page, server, 'wang', `/${at.replace('suspects', 'review')}`)
  await opened(page)
  const beside = page.context().waitForEvent('page')
  await page.locator('.badges').getByRole('link').click()
  await expect((await beside).locator('table.data tbody tr')).toHaveCount(2)
  expect(await opened(page)).toBe(at)
})

test('a number is found by its last digits, by a call and by a suspect', async ({ page, server }) => {
  const s = await decide(server, 'more-0')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/freezes')
  await search(page, numberOf('more-0').slice(-4))
  await expect(history(page).locator('.top')).toContainText(s.maskedNumber)
  await expect(history(page).locator('li.freeze')).toHaveCount(1)
  await search(page, '900139') // the middle of it
  await expect(page.getByText(t('fz.notFound'))).toBeVisible()
  await search(page, 'more-1')
  await expect(history(page).locator('.top')).toContainText('****')
  await search(page, s.shortId)
  await expect(page).toHaveURL(new RegExp(`of=${s.name}`))
  await search(page, '12')
  await expect(page.getByText(t('fz.badNumber'))).toBeVisible()
  await search(page, numberOf('more-0'))
  await expect(history(page).locator('.top')).toContainText(numberOf('more-0'))
  expect(new URL(page.url()).search).toBe('')
})

test('several numbers with the same end are listed, and a reviewer is told that digits are not for him', async ({ page, server }) => {
  const sun = await api(server, 'sun')
  for (const number of ['13700137009', '13600137009']) await sun.post('/v1/freezes', { number, reason: 'asked by letter', requestId: number })
  await prefer(page, {})
  await signIn(page, server, 'sun', '/freezes')
  await search(page, '37009')
  const found = page.getByRole('table', { name: t('fz.matches') }).getByRole('row')
  await expect(found).toHaveCount(3)
  await found.nth(1).getByRole('link').click()
  await expect(history(page).locator('li.freeze')).toHaveCount(1)
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await signIn(page, server, 'wang', '/freezes')
  await search(page, '37009')
  await expect(page.getByText(t('fz.noDigits'))).toBeVisible()
  await search(page, '13700137009')
  await expect(history(page).locator('li.freeze')).toHaveCount(1)
})

test('last digits that could be a landline find the numbers that end so, and the landline', async ({ page, server }) => {
  const sun = await api(server, 'sun')
  for (const number of ['13103234567', '13203234567']) await sun.post('/v1/freezes', { number, reason: 'asked by letter', requestId: number })
  await prefer(page, {})
  await signIn(page, server, 'sun', '/freezes')
  await search(page, '3103234567')
  const found = page.getByRole('table', { name: t('fz.matches') }).locator('tbody tr')
  await expect(found).toHaveCount(2)
  await expect(found.nth(0)).toContainText(t('fz.BY_NUMBER'))
  await expect(found.nth(1)).toContainText('131****4567')
  await found.nth(1).getByRole('link').click()
  await expect(history(page).locator('li.freeze')).toHaveCount(1)
  await search(page, '3103234567')
  await found.nth(0).getByRole('button').click()
  await expect(history(page).locator('.top')).toContainText('3103234567')
  await expect(page.getByText(t('fz.noEvents'))).toBeVisible()
})

test('more numbers than a page has are told of, and come page by page', async ({ page, server }) => {
  const sun = await api(server, 'sun')
  const count = 53
  await sun.post('/v1/complaints:import', { complaints: Array.from({ length: count }, (_, i) => ({ number: `137${String(i).padStart(4, '0')}9009`, time: new Date().toISOString(), source: 'own', text: '' })) })
  await prefer(page, {})
  await signIn(page, server, 'sun', '/freezes')
  await search(page, '9009')
  const found = page.getByRole('table', { name: t('fz.matches') }).locator('tbody tr')
  await expect(found).toHaveCount(50)
  await expect(page.getByText(t('fz.moreFound', 'zh', { n: '50' }))).toBeVisible()
  await page.locator('.found').getByRole('button', { name: t('list.more') }).click()
  await expect(found).toHaveCount(count)
  await expect(page.getByText(t('fz.moreFound', 'zh', { n: '50' }))).toHaveCount(0)
  expect(new Set(await found.getByRole('link').evaluateAll((all) => all.map((a) => a.getAttribute('href')))).size).toBe(count) // each once
})

test('a number that was shown in full is hidden again when the page is left, by whatever way', async ({ page, server }) => {
  const s = await decide(server, 'more-0')
  const full = numberOf('more-0')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/freezes')
  await page.getByRole('link', { name: s.maskedNumber }).first().click()
  await history(page).getByRole('button', { name: t('rv.reveal') }).click()
  const dialog = page.getByRole('dialog', { name: t('rv.reveal') })
  await dialog.getByRole('textbox').fill('he called us')
  await dialog.getByRole('button', { name: t('rv.reveal') }).click()
  await expect(history(page).locator('.top')).toContainText(full)
  const box = page.getByRole('main').getByLabel(t('fz.search'))
  const hidden = async () => {
    await expect(page.getByText(full)).toHaveCount(0)
    await expect(box).toHaveValue('')
  }
  await page.goBack()
  await expect(history(page)).toHaveCount(0)
  await hidden()
  await page.goForward()
  await expect(history(page).locator('.top')).toContainText(s.maskedNumber)
  await hidden()

  // A number that was typed, and one that is shown where the browser keeps the page.
  await search(page, full)
  await expect(history(page).locator('.top')).toContainText(full)
  await page.goBack()
  await hidden()
  await page.goto(`${server.address}/freezes`)
  await page.getByRole('row').filter({ hasText: s.maskedNumber }).getByRole('button', { name: t('rv.reveal') }).click()
  await dialog.getByRole('textbox').fill('he called us')
  await dialog.getByRole('button', { name: t('rv.reveal') }).click()
  await expect(page.getByText(full)).toHaveCount(1)
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
  await hidden()
})

test('only one\'s own come next where that is wanted, and each once', async ({ page, server }) => {
  const li = await api(server, 'li')
  const sun = await api(server, 'sun')
  const mine = [(await li.post('/v1/suspects:claimNext', {})).suspect, (await li.post('/v1/suspects:claimNext', {})).suspect]
  const back = (await li.post('/v1/suspects:claimNext', {})).suspect
  await li.post(`/v1/${back.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await sun.post(`/v1/${back.name}:revert`, { reason: 'listen again' })
  await prefer(page, {})
  await signIn(page, server, 'li')
  await opened(page)
  await page.getByRole('search').getByText(t('rv.mine'), { exact: true }).click()
  const seen: string[] = []
  for (;;) {
    await expect(page.getByTestId('confirm').and(page.locator(':enabled')).or(page.locator('[data-testid=nothing] .big'))).toBeVisible()
    const at = await page.getByTestId('suspect').getAttribute('data-name', { timeout: 500 }).catch(() => null)
    if (!at) break
    expect(seen).not.toContain(at)
    seen.push(at)
    await page.keyboard.press('x')
    await passes(page, at)
  }
  expect(seen.toSorted()).toEqual([...mine, back].map((s) => s.name).toSorted())
  await expect.poll(async () => (await sun.get(`/v1/${seen.at(-1)}`)).suspect.state).toBe('STATE_DISMISSED')
})

test('complaints are entered, listed with the call that they are about, and filtered', async ({ page, server }) => {
  await prefer(page, {})
  await signIn(page, server, 'sun', '/complaints')
  const enter = async (number: string, text: string) => {
    await page.getByRole('button', { name: t('cp.enter') }).click()
    const dialog = page.getByRole('dialog', { name: t('cp.enter') })
    await expect(dialog.getByLabel(t('fz.number'))).toBeFocused()
    await page.keyboard.type(number)
    await dialog.getByLabel(t('cp.text')).fill(text)
    await dialog.getByRole('button', { name: t('ui.save') }).click()
    await expect(dialog).toBeHidden()
  }
  await enter(numberOf('more-3'), '<b>每天都打</b>')
  await enter('13500135000', '不认识')
  const rows = page.locator('table.data tbody tr')
  await expect(rows).toHaveCount(2)
  await expect(rows.nth(1)).toContainText('<b>每天都打</b>')
  await expect(rows.nth(1)).toContainText(t('fz.active'))
  expect(server.refrain(['check', '13500135000'])).toContain('may not be called')
  await page.getByRole('search').getByLabel(t('cp.source')).selectOption('12321')
  await expect(page.getByText(t('list.none'))).toBeVisible()
  await page.getByRole('button', { name: t('rv.clear') }).click()
  await expect(rows).toHaveCount(2)
  await page.getByRole('search').getByLabel(t('rv.line')).fill('no such line')
  await page.getByRole('search').getByLabel(t('rv.line')).press('Enter')
  await expect(page.getByText(t('list.none'))).toBeVisible()
  await page.getByRole('button', { name: t('rv.clear') }).click()
  await rows.nth(0).getByRole('link').click()
  await expect(history(page).locator('li.complaint')).toContainText('不认识')
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await signIn(page, server, 'wang', '/complaints')
  await expect(rows).toHaveCount(2)
  await expect(page.getByRole('button', { name: t('cp.enter') })).toHaveCount(0)
})

test('an agent finds what was decided on his calls, without what was heard or who decided, and appeals', async ({ page, server }) => {
  const s = await decide(server, 'more-0')
  await decide(server, 'more-1', 'VERDICT_DISMISSED')
  await decide(server, 'sample-01')
  await prefer(page, {})
  const sent: string[] = []
  page.on('response', async (r) => r.url().includes('/v1/agentSuspects') && sent.push(await r.text()))
  await signIn(page, server, 'agent-7', '/')
  await expect(page).toHaveURL(/\/my-calls/)
  const rows = page.locator('table.data tbody tr')
  await expect(rows).toHaveCount(2)
  await expect(page.getByRole('navigation').getByRole('link')).toHaveCount(1)
  await expect(page.getByRole('main')).not.toContainText('sun')
  await expect(page.getByRole('main')).not.toContainText('said it twice')
  for (const text of [s.decision.note, '"sun"', ...s.hits.map((h: any) => h.text)]) expect(sent.join()).not.toContain(text)
  const row = rows.filter({ hasText: t('state.STATE_CONFIRMED') })
  await row.getByRole('button', { name: t('rv.appeal') }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('他只是问什么时候')
  await dialog.getByRole('button', { name: t('rv.appeal') }).click()
  await expect(row).toContainText(t('appeal.STATE_OPEN'))
  await expect(row.getByRole('button', { name: t('rv.appeal') })).toHaveCount(0)
  expect((await (await api(server, 'sun')).get(`/v1/${s.name}`)).suspect.appeal).toMatchObject({ actor: 'agent-7', state: 'STATE_OPEN' })
  for (const path of ['/review', '/freezes', '/suspects', '/complaints']) {
    await page.goto(server.address + path)
    await expect(page.getByText(t('ui.denied'))).toBeVisible()
  }
})

for (const language of ['zh', 'en'] as Language[]) {
  for (const theme of ['light', 'dark'] as const) {
    test(`axe finds nothing serious in a history, matches and an agent's page, ${language}, ${theme}`, async ({ page, server }) => {
      const s = await decide(server, 'more-0')
      const sun = await api(server, 'sun')
      for (const number of ['13700137009', '13600137009']) await sun.post('/v1/complaints:import', { complaints: [{ number, time: new Date().toISOString(), source: 'own', text: 'too often' }] })
      await prefer(page, { language, theme })
      const look = async () => {
        await settled(page, language)
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze()
        expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; ')}`)).toEqual([])
      }
      await signIn(page, server, 'sun', `/freezes?of=${s.decision.freeze}`)
      await expect(page.locator('.history .events li').first()).toBeVisible()
      await look()
      const box = page.getByRole('main').getByLabel(t('fz.search', language))
      await box.fill('37009')
      await box.press('Enter')
      await expect(page.getByRole('table', { name: t('fz.matches', language) })).toBeVisible()
      await look()
      await page.goto(`${server.address}/suspects?of=${s.name}`)
      await expect(page.locator('table.data tbody tr').first()).toBeVisible()
      await look()
      await page.goto(`${server.address}/complaints`)
      await expect(page.locator('table.data tbody tr').first()).toBeVisible()
      await look()
      await page.getByRole('button', { name: t('cp.enter', language) }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await look()
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: t('top.signOut', language) }).click()
      await expect(page).toHaveURL(/\/sign-in/)
      await signIn(page, server, 'agent-7', '/my-calls')
      await expect(page.locator('table.data tbody tr').first()).toBeVisible()
      await look()
    })
  }
}
