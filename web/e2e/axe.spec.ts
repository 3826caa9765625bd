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
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze()
  return violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; ')}`)
}

// A few pages a test, so that each is short.
const others = pages.filter((p) => p !== '/review')
const parts = [others.filter((_, i) => i % 2 === 0), others.filter((_, i) => i % 2 === 1)]

for (const language of ['zh', 'en'] as Language[]) {
  for (const theme of ['light', 'dark'] as const) {
    test.describe(`axe finds nothing serious, ${language}, ${theme}`, () => {
      let found: Record<string, string[]>
      const look = async (page: Page, where: string) => {
        const f = await findings(page, language)
        if (f.length) found[where] = f
      }
      test.beforeEach(async ({ page }) => {
        found = {}
        await prefer(page, { language, theme })
      })
      test.afterEach(() => expect(found).toEqual({}))

      test('signing in and judging', async ({ page }) => {
        await page.goto(`${server.address}/sign-in`)
        await expect(page.getByRole('button', { name: t('signIn.enter', language) })).toBeVisible()
        await look(page, 'sign-in')
        await signIn(page, server, 'boss', '/review')
        await opened(page)
        await look(page, 'review')
        await page.keyboard.press('?')
        await expect(page.getByRole('dialog', { name: t('rv.help', language) })).toBeVisible()
        await look(page, 'help')
      })
      for (const part of parts) {
        test(part.join(', '), async ({ page }) => {
          await signIn(page, server, 'boss', part[0])
          for (const path of part) {
            await page.goto(server.address + path)
            await look(page, path)
          }
        })
      }
    })
  }
}
