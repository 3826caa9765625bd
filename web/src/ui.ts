// Messages, and what became of what somebody asked for.
import { ElMessage } from 'element-plus/es/components/message/index.mjs'
import 'element-plus/es/components/message/style/css.mjs'
import { i18n } from './i18n'
import { ApiError } from './api/client'

export const say = (message: string, type: 'success' | 'warning' | 'error' | 'info' = 'success') => ElMessage({ message, type, grouping: true, placement: 'bottom', offset: 20, duration: type === 'error' ? 8000 : 3000, showClose: type === 'error' })

export function complain(e: unknown) {
  if (e instanceof ApiError && (e.status === 401 || e.status === 0)) return // the banner says it
  say(i18n.global.t('ui.failed', { e: e instanceof Error ? e.message : String(e) }), 'error')
}

// attempt carries something out and says what came of it.
export async function attempt<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const r = await work()
    if (done) say(done)
    return r
  } catch (e) {
    complain(e)
    return undefined
  }
}
