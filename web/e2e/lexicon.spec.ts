import AxeBuilder from '@axe-core/playwright'
import { api, expect, prefer, signIn, t, test } from './desk'
import { numberOf, type Server } from './server'

// A lexicon that loses most refusals of the samples, takes some for another class, and one that was denied for a
// refusal: sample 08 says 我不是没兴趣.
async function another(server: Server, version: string) {
  const source = `version: ${version}\nlearned: off\nclasses:\n- id: complaint\n  label: 投诉\n  freeze: 60d\n  phrases:\n  - 没兴趣\n`
  return { boss: await api(server, 'boss'), source }
}

test('what an edited lexicon makes of the newest calls stands there with each edit', async ({ page, server }) => {
  const { source, boss } = await another(server, 'mine-1')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/lexicon')
  const preview = page.getByTestId('preview')
  await expect(preview.getByText(t('lx.previewHint'))).toBeVisible()
  await page.getByLabel(t('lx.source')).fill(source)
  const gained = preview.locator('tbody tr').filter({ hasText: t('lx.kind.KIND_GAINED') })
  await expect(preview.locator('tbody tr').filter({ hasText: t('lx.kind.KIND_LOST') }).first()).toBeVisible()
  const number = numberOf('sample-08')
  await expect(gained.filter({ hasText: `${number.slice(0, 3)}****${number.slice(-4)}` })).toContainText('没兴趣')
  expect(await page.content()).not.toContain(number)

  const { violations } = await new AxeBuilder({ page }).setLegacyMode().include('[data-testid=preview]').analyze()
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => v.id)).toEqual([])

  // Of one line only, of fewer; and nothing once the text is none.
  const all = Number((await boss.post('/v1/lexicon:preview', { source })).count)
  const cards = await boss.post('/v1/lexicon:preview', { source, line: 'cards', count: 100 })
  expect(all).toBe(16)
  expect(cards.count).toBe(6)
  await preview.getByLabel(`${t('lx.preview')}: ${t('rv.line')}`).fill('cards')
  await preview.getByLabel(`${t('lx.preview')}: ${t('rv.line')}`).press('Enter')
  await expect(preview).toContainText(t('lx.judged', 'zh', { n: '6', before: '6', now: cards.tally.suspects }))
  await page.getByLabel(t('lx.source')).fill(`${source}nonsense: 1\n`)
  await expect(page.locator('.problems')).toContainText('nonsense')
  await expect(preview.locator('tbody')).toHaveCount(0)

  // Nothing of it is kept, and who may not try lexicons is not shown any of it.
  expect((await boss.get('/v1/runs')).runs).toEqual([])
  await page.getByRole('button', { name: t('top.signOut') }).click()
  await page.getByRole('dialog', { name: t('lx.changed') }).getByRole('button', { name: t('ui.leave') }).click()
  await signIn(page, server, 'wang', '/lexicon')
  await expect(page.getByText(t('lx.versions'))).toBeVisible()
  await expect(preview).toHaveCount(0)
  await expect(page.getByTestId('backtest')).toHaveCount(0)
})

test('a backtest compares with what reviewers decided, is found again later, and its lexicon is put in force', async ({ page, server }) => {
  const { source, boss } = await another(server, 'mine-2')
  const { suspects } = await boss.get('/v1/suspects?pageSize=50')
  const complaint = suspects.find((s: { callId: string }) => s.callId === 'sample-04')
  const stop = suspects.find((s: { callId: string }) => s.callId === 'sample-03')
  await boss.post(`/v1/${complaint.name}:decide`, { verdict: 'VERDICT_CONFIRMED' })
  await boss.post(`/v1/${stop.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await prefer(page, {})
  await signIn(page, server, 'sun', '/lexicon')
  const backtest = page.getByTestId('backtest')
  await expect(backtest.getByRole('button', { name: t('lx.start') })).toBeDisabled()
  await page.getByLabel(t('lx.source')).fill(source)
  await backtest.getByRole('button', { name: t('lx.start') }).click()
  await expect(backtest.getByTestId('run-state')).toHaveText(t('lx.runState.STATE_DONE'))
  await expect(backtest).toContainText(t('lx.reviewed', 'zh', { confirmed: '1', confirmedLost: '1', dismissed: '1', dismissedLost: '1' }))
  const lost = backtest.locator('tbody tr').filter({ hasText: t('lx.kind.KIND_LOST') })
  await expect(lost.filter({ hasText: t('state.STATE_CONFIRMED') })).toHaveCount(1)
  await expect(lost.filter({ hasText: t('state.STATE_DISMISSED') })).toHaveCount(1)
  await backtest.getByLabel(t('lx.change')).selectOption('KIND_GAINED')
  await expect(lost).toHaveCount(0)
  await expect(backtest.locator('.changes tbody tr').first()).toContainText(t('lx.kind.KIND_GAINED'))
  const [run] = (await boss.get('/v1/runs')).runs
  expect(run).toMatchObject({ trial: true, apply: false, actor: 'sun', state: 'STATE_DONE' })
  expect((await boss.get('/v1/suspects:count')).counts.waitingCount).toBe(String(suspects.length - 2)) // nothing was opened

  await page.goto(`${server.address}/overview`)
  await page.goto(`${server.address}/lexicon?run=${run.name.slice('runs/'.length)}`)
  await expect(backtest.getByTestId('run-state')).toHaveText(t('lx.runState.STATE_DONE'))
  await backtest.getByRole('button', { name: t('lx.load') }).click()
  await expect(page.getByLabel(t('lx.source'))).toHaveValue(source)
  await backtest.getByRole('button', { name: t('lx.activateTried') }).click()
  await page.getByRole('dialog', { name: t('lx.activate') }).getByRole('button', { name: t('lx.activate') }).click()
  await expect(page.locator('header .tag.info')).toContainText('mine-2')
  expect((await boss.get('/v1/lexicon')).lexicon).toMatchObject({ actor: 'sun', source, active: true })
  await expect(backtest.getByRole('button', { name: t('lx.activateTried') })).toHaveCount(0)
})

for (const language of ['zh', 'en'] as const) {
  test(`edits are not lost unasked, ${language}`, async ({ page, server }) => {
    const { source, boss } = await another(server, 'mine-3')
    const { lexicon } = await boss.get('/v1/lexicon')
    await boss.post('/v1/lexicon:activate', { source })
    await boss.post('/v1/lexicon:activate', { source: lexicon.source })
    const { run } = await boss.post('/v1/runs', { lexiconSource: source })
    await expect.poll(async () => (await boss.get(`/v1/${run.name}`)).run.state).toBe('STATE_DONE')
    await prefer(page, { language })
    await signIn(page, server, 'sun', `/lexicon?run=${run.name.slice('runs/'.length)}`)
    const say = (key: string) => t(key, language)
    const editor = page.getByLabel(say('lx.source'))
    const edited = `${lexicon.source}# edited\n`
    await editor.fill(edited)
    const asked = page.getByRole('dialog', { name: say('lx.changed') })
    const cancel = async () => {
      await expect(asked).toContainText(say('lx.losing'))
      await asked.getByRole('button', { name: say('ui.cancel') }).click()
      await expect(asked).toBeHidden()
      await expect(editor).toHaveValue(edited)
    }

    const backtest = page.getByTestId('backtest')
    await backtest.getByRole('button', { name: say('lx.load') }).click()
    await cancel()
    await page.getByRole('navigation').getByRole('link', { name: say('nav.system') }).click()
    await cancel()
    await expect(page).toHaveURL(/\/lexicon/)
    await page.getByRole('button', { name: say('top.signOut') }).click()
    await cancel()
    let unloaded = ''
    page.once('dialog', (d) => {
      unloaded = d.type()
      void d.dismiss()
    })
    await page.reload({ timeout: 3000 }).catch(() => undefined)
    expect(unloaded).toBe('beforeunload')
    await expect(editor).toHaveValue(edited)

    // Putting something else in force says so; putting in force what stands there loses nothing.
    const activate = page.getByRole('dialog', { name: say('lx.activate') })
    for (const open of [page.getByRole('button', { name: say('lx.reactivate') }).first(), backtest.getByRole('button', { name: say('lx.activateTried') })]) {
      await open.click()
      await expect(activate).toContainText(say('lx.losing'))
      await activate.getByRole('button', { name: say('ui.cancel') }).click()
      await expect(activate).toBeHidden()
      await expect(editor).toHaveValue(edited)
    }
    await page.locator('header').getByRole('button', { name: say('lx.activate') }).click()
    await expect(activate).toContainText(say('lx.activateSure'))
    await expect(activate).not.toContainText(say('lx.losing'))
    await activate.getByRole('button', { name: say('ui.cancel') }).click()

    await backtest.getByRole('button', { name: say('lx.load') }).click()
    await asked.getByRole('button', { name: say('lx.load') }).click()
    await expect(editor).toHaveValue(source)
    await page.getByRole('navigation').getByRole('link', { name: say('nav.system') }).click()
    await asked.getByRole('button', { name: say('ui.leave') }).click()
    await expect(page).toHaveURL(/\/system/)
  })
}

test('what edited rules would have done stands beside what those in force did, in the language of the page', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const number = '13600136000'
  for (const i of [1, 2, 3]) await boss.post('/v1/calls', { callId: `r${i}`, number, line: 'loans', startTime: new Date(Date.now() - i * 60_000).toISOString(), outcome: 'OUTCOME_REJECTED' })
  const { rules } = await boss.get('/v1/rules')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/rules')
  const table = page.locator('main table').first()
  await expect(table).toContainText('一天内三次拒接')
  await expect(table).not.toContainText('Rejected')
  await expect(table).toContainText(t('lx.calendarDay', 'zh', { zone: 'Asia/Shanghai' }))
  await expect(table).toContainText(t('lx.per.number'))
  const tried = page.getByTestId('rules-test')
  await tried.getByRole('button', { name: t('lx.run') }).click()
  await expect(tried.locator('tbody tr').first()).toBeVisible()
  await page.getByLabel(t('lx.source')).fill(rules.source.replace('limit: 3', 'limit: 2'))
  await expect(tried).toContainText(t('lx.inBrackets'))
  const row = tried.locator('tbody tr').filter({ hasText: '一天内三次拒接' })
  await expect(row).toContainText('136****6000')
  await expect(row.locator('td').nth(3)).toHaveText('1 (0)') // the third call would not have been made

  await page.getByRole('button', { name: t('top.language') }).click()
  await expect(table).toContainText('Rejected, or talked 15 s at most')
  await expect(table).not.toContainText('一天内')
  await expect(table).toContainText(t('lx.calendarDay', 'en', { zone: 'Asia/Shanghai' }))
})

test('rules are tried one at a time, and given up where nobody waits for it any more', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const { rules } = await boss.get('/v1/rules')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/rules')
  const tried = page.getByTestId('rules-test')
  const asked: string[] = []
  const left: string[] = []
  await page.route('**/v1/rules:test', (route) => void asked.push(route.request().postDataJSON().source)) // which nobody answers
  page.on('requestfailed', (r) => r.url().endsWith('/v1/rules:test') && left.push(r.postDataJSON().source))
  await page.getByLabel(t('lx.source')).fill(rules.source.replace('limit: 3', 'limit: 2'))
  await tried.getByRole('button', { name: t('lx.run') }).click()
  await expect.poll(() => asked).toEqual(['']) // those in force first, and the others not before
  await page.getByLabel(t('lx.source')).fill(rules.source.replace('limit: 3', 'limit: 4'))
  await expect.poll(() => left.length).toBe(1)
  await expect.poll(() => asked.length).toBe(2)
  await expect(tried).toHaveAttribute('aria-busy', 'true')
  await page.getByRole('navigation').getByRole('link', { name: t('nav.system') }).click()
  await page.getByRole('dialog').getByRole('button', { name: t('ui.leave') }).click()
  await expect.poll(() => left.length).toBe(2)
  expect(asked.length).toBe(2)
})
