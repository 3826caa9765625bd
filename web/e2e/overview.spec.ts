import { readFileSync } from 'node:fs'
import { api, expect, prefer, settled, signIn, t, test } from './desk'

test('decisions stand by class and day, undone freezes do not count, and each plot is taken along', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const { suspects } = await boss.get('/v1/suspects?pageSize=50')
  const decide = (i: number, verdict: string, of?: string) => boss.post(`/v1/${suspects[i].name}:decide`, { verdict: `VERDICT_${verdict}`, class: of })
  await decide(0, 'CONFIRMED', 'complaint')
  await decide(1, 'CONFIRMED', 'no_need')
  await decide(2, 'CONFIRMED', 'wrong_number')
  await decide(3, 'DISMISSED')
  await boss.post(`/v1/${suspects[2].name}:revert`, { reason: 'a mistake' })
  const start = Date.now() - 3_600_000
  for (const [i, outcome] of ['ANSWERED', 'REJECTED', 'ANSWERED', 'NO_ANSWER'].entries())
    await boss.post('/v1/calls', { callId: `o${i}`, number: `1360013600${i}`, agent: 'agent-2', line: 'loans', startTime: new Date(start + i * 1000).toISOString(), outcome: `OUTCOME_${outcome}` })
  await boss.post('/v1/complaints:import', { complaints: [{ number: '13600136000', time: new Date(start + 9000).toISOString(), source: '12321' }] })

  await prefer(page, { language: 'en' })
  await signIn(page, server, 'sun', '/overview')
  await settled(page, 'en')
  const chart = (key: string) => page.locator('.chart').filter({ hasText: t(key, 'en') }).first()
  const table = chart('ov.byClassDay').locator('table.sr')
  const heads = await table.locator('thead th').allTextContents()
  expect(heads.filter((h) => h.startsWith(t('ov.confirmed', 'en'))).map((h) => h.split(' · ')[1])).toEqual([t('class.complaint', 'en'), t('class.no_need', 'en')])
  expect(heads.filter((h) => h.startsWith(t('ov.dismissed', 'en')))).toHaveLength(1)
  const today = chart('ov.todayByClass').locator('table.sr tbody tr')
  await expect(today).toHaveCount(2)
  await expect(today.filter({ hasText: t('class.complaint', 'en') }).locator('td')).toHaveText('1')
  const frozen = chart('ov.perClass').locator('table.sr tbody')
  await expect(frozen).toContainText(t('class.complaint', 'en'))
  await expect(frozen.locator('tr').filter({ hasText: t('class.wrong_number', 'en') }).locator('td').first()).toHaveText('0')
  const lines = page.locator('.sheet').filter({ hasText: t('ov.lines', 'en') })
  await expect(lines).toContainText(t('ov.complaintsBefore', 'en'))

  const plots = page.locator('.chart')
  let taken = 0
  for (let i = 0; i < (await plots.count()); i++) {
    const buttons = plots.nth(i).getByRole('button')
    if (!(await buttons.count())) continue // it has nothing to show
    expect(await buttons.count()).toBe(2)
    for (const [b, begins] of [[0, '\x89PNG'], [1, '\ufeff"']] as const) {
      // Live figures draw a plot anew, and a click in that moment meets nothing.
      await expect(async () => {
        const file = page.waitForEvent('download', { timeout: 3000 })
        await buttons.nth(b).click()
        const content = readFileSync((await (await file).path())!)
        expect(content.subarray(0, 4).toString(b ? 'utf8' : 'latin1')).toBe(begins)
      }).toPass()
    }
    taken++
  }
  expect(taken).toBeGreaterThanOrEqual(6)
})

test('the audit record says what was done to what in words, and leads there', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const [suspect] = (await boss.get('/v1/suspects?pageSize=1')).suspects
  await boss.post(`/v1/${suspect.name}:decide`, { verdict: 'VERDICT_CONFIRMED', class: 'no_need' })
  await boss.post('/v1/freezes', { number: '13700137009', reason: 'asked by letter' })
  await prefer(page, {})
  await signIn(page, server, 'boss', '/audit')
  for (const language of ['zh', 'en'] as const) {
    const row = page.locator('tbody tr').filter({ hasText: t('au.done.decision.make', language) })
    await expect(row).toContainText(t('au.detail.verdict', language))
    await expect(row).toContainText(t('au.value.confirmed', language))
    await expect(row).toContainText(t('class.no_need', language))
    await expect(row.getByRole('link', { name: t('au.kindOf.suspects', language) })).toHaveAttribute('href', `/review/${suspect.name.slice('suspects/'.length)}`)
    await expect(page.locator('tbody tr').filter({ hasText: t('au.done.freeze.create', language) }).locator('.subject')).toContainText(t('au.kindOf.numbers', language))
    if (language === 'zh') await page.getByRole('button', { name: t('top.language') }).click()
  }
  await page.locator('tbody tr').filter({ hasText: t('au.done.decision.make', 'en') }).getByRole('link').click()
  await expect(page.getByTestId('suspect')).toHaveAttribute('data-name', suspect.name)
})

test('the precision of a phrase stands with how it was said most often', async ({ page, server }) => {
  const boss = await api(server, 'boss')
  const { suspects } = await boss.get('/v1/suspects?pageSize=100')
  const said: Record<string, number> = {} // phrase and words, by how many calls; each is from a number of its own
  for (const s of suspects) {
    await boss.post(`/v1/${s.name}:decide`, { verdict: 'VERDICT_CONFIRMED', class: s.class || 'no_need' })
    for (const key of new Set<string>(s.hits.filter((h: any) => h.phrase && !h.veto).map((h: any) => `${h.phrase}\t${h.text}`))) said[key] = (said[key] ?? 0) + 1
  }
  const [most, n] = Object.entries(said).sort((a, b) => b[1] - a[1])[0]
  expect(n).toBeGreaterThanOrEqual(3)
  const [phrase, words] = most.split('\t')
  await prefer(page, {})
  await signIn(page, server, 'sun', '/overview')
  await settled(page)
  const row = page.locator('.sheet').filter({ hasText: t('ov.phrases') }).locator('tbody tr').filter({ hasText: phrase })
  await expect(row.locator('td').first()).toContainText(words)
})
