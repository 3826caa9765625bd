import AxeBuilder from '@axe-core/playwright'
import { type Page } from '@playwright/test'
import { api, expect, opened, pages, prefer, settled, signIn, t, test, type Language } from './desk'
import { serve, type Server } from './server'

// Something to see on every page: a decision, a pass, a freeze, a key.
let server: Server
test.beforeAll(async () => {
  server = await serve()
  const boss = await api(server, 'boss')
  const [first, second, third] = (await boss.get('/v1/suspects?pageSize=10')).suspects
  await boss.post(`/v1/${first.name}:decide`, { verdict: 'VERDICT_CONFIRMED', note: 'he said so' })
  await boss.post(`/v1/${second.name}:decide`, { verdict: 'VERDICT_DISMISSED' })
  await boss.post(`/v1/${third.name}:claim`, {})
  await boss.post(`/v1/${third.name}:pass`, { note: 'the radio?' })
  await boss.post('/v1/freezes', { number: '13900139999', line: 'cards', reason: 'asked by letter' })
})
test.afterAll(() => server?.stop())

// What axe finds that is serious or critical, contrast included, where everything has come and nothing moves.
async function findings(page: Page, language: Language) {
  await settled(page, language)
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; ')}`)
}

for (const language of ['zh', 'en'] as Language[]) {
  for (const theme of ['light', 'dark'] as const) {
    test(`axe finds nothing serious on any page, ${language}, ${theme}`, async ({ page }) => {
      await prefer(page, { language, theme })
      const found: Record<string, string[]> = {}
      const look = async (where: string) => {
        const f = await findings(page, language)
        if (f.length) found[where] = f
      }
      await page.goto(`${server.address}/sign-in`)
      await expect(page.getByRole('button', { name: t('signIn.enter', language) })).toBeVisible()
      await look('sign-in')
      await signIn(page, server, 'boss', '/review')
      await opened(page)
      await look('review')
      await page.keyboard.press('?')
      await expect(page.getByRole('dialog', { name: t('rv.help', language) })).toBeVisible()
      await look('help')
      await page.keyboard.press('Escape')
      for (const path of pages.filter((p) => p !== '/review')) {
        await page.goto(server.address + path)
        await expect(page.locator('main h1')).toBeVisible()
        await look(path)
      }
      expect(found).toEqual({})
    })
  }
}
