// Pictures of every page for docs/desk.md: npm run shots.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from '@playwright/test'
import { api, expect, opened, pages, prefer, settled, signIn, t, type Language } from './desk'
import { numberOf, root, serve, type Server } from './server'

const to = join(root, 'docs/desk')
let server: Server
test.beforeAll(async () => {
  mkdirSync(to, { recursive: true })
  server = await serve()
  const boss = await api(server, 'boss')
  const wang = await api(server, 'wang')
  const { suspects } = await boss.get('/v1/suspects?pageSize=10')
  const of = (call: string) => suspects.find((s: any) => s.callId === call)
  await wang.post(`/v1/${of('more-0').name}:decide`, { verdict: 'VERDICT_CONFIRMED' })
  await wang.post(`/v1/${of('more-1').name}:decide`, { verdict: 'VERDICT_CONFIRMED', note: '说了两遍' })
  await wang.post(`/v1/${of('more-2').name}:decide`, { verdict: 'VERDICT_DISMISSED', note: '收音机的声音' })
  await wang.post(`/v1/${of('more-3').name}:pass`, { note: '像是家里人接的' })
  await boss.post('/v1/freezes', { number: '13900139999', line: 'cards', reason: '来信要求不再致电' })
  const time = new Date(Date.now() - 3600_000).toISOString()
  // Of a business as large as that complaints are few.
  const ago = (i: number) => new Date(Date.now() - (i % 12) * 86_400_000 - (i % 50) * 60_000).toISOString()
  await boss.post('/v1/calls:batchReport', { calls: Array.from({ length: 1000 }, (_, i) => ({ callId: `out-${i}`, number: `1370013${String(i).padStart(4, '0')}`, line: i % 3 ? 'loans' : 'cards', agent: `agent-${1 + (i % 3)}`, startTime: ago(i), outcome: i % 9 === 0 ? 'OUTCOME_REJECTED' : i % 4 === 0 ? 'OUTCOME_NO_ANSWER' : 'OUTCOME_ANSWERED', ...(i % 9 && i % 4 && { talk: `${30 + (i % 90)}s` }) })) })
  await boss.post('/v1/calls', { callId: 'out-4711', number: numberOf('more-4'), line: 'cards', agent: 'agent-7', startTime: new Date(Date.now() - 7200_000).toISOString(), outcome: 'OUTCOME_ANSWERED', talk: '48s' })
  await boss.post('/v1/complaints:import', { complaints: [{ number: numberOf('more-4'), time, source: '12321', text: '多次来电推销信用卡，已明确拒绝' }, { number: '13500135000', time, source: 'own', text: '不认识这家公司' }] })
})
test.afterAll(() => server?.stop())

for (const language of ['zh', 'en'] as Language[]) {
  test(`pictures, ${language}`, async ({ browser }) => {
    test.setTimeout(180_000)
    for (const theme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      await prefer(page, { language, theme })
      const shoot = (name: string) => page.screenshot({ path: join(to, `${name}-${language}${theme === 'dark' ? '-dark' : ''}.png`) })
      await page.goto(`${server.address}/sign-in`)
      await expect(page.getByRole('button', { name: t('signIn.enter', language) })).toBeVisible()
      if (theme === 'light') await shoot('sign-in')
      await signIn(page, server, 'boss')
      await opened(page)
      await expect(page.locator('.wave canvas')).toBeVisible()
      await settled(page, language)
      await shoot('review')
      for (const path of theme === 'light' ? pages.filter((p) => p !== '/review' && p !== '/my-calls') : []) {
        await page.goto(server.address + path)
        await settled(page, language)
        await shoot(path.slice(1))
      }
      await page.close()
    }
    // As agents see it.
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await prefer(page, { language, theme: 'light' })
    await signIn(page, server, 'agent-7', '/my-calls')
    await settled(page, language)
    await page.screenshot({ path: join(to, `my-calls-${language}.png`) })
    await page.close()
  })
}
