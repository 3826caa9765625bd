// Messages, and what became of what somebody asked for.
import { ElMessage } from 'element-plus/es/components/message/index.mjs'
import 'element-plus/es/components/message/style/css.mjs'
import { onMounted, onUnmounted, reactive, ref, type Ref } from 'vue'
import { i18n } from './i18n'
import { ApiError } from './api/client'

// What is good news gives way to the next; what went wrong stays for its time, whatever else comes.
const shown: Partial<Record<'good' | 'bad', { close: () => void }>> = {}
export const say = (message: string, type: 'success' | 'warning' | 'error' | 'info' = 'success') => {
  const kind = type === 'error' ? 'bad' : 'good'
  shown[kind]?.close()
  shown[kind] = ElMessage({ message, type, placement: 'bottom', offset: 24, duration: type === 'error' ? 8000 : 3000, showClose: type === 'error' })
}

// Why something was refused, in the reader's language where the server's reason is a known one.
export function told(e: unknown): string {
  const { t, te } = i18n.global
  if (!(e instanceof ApiError)) return e instanceof Error ? e.message : String(e)
  const known = te(`fail.${e.reason}`) ? `fail.${e.reason}` : te(`failed.${e.status}`) ? `failed.${e.status}` : 'failed.other'
  return t(known, { ...e.meta, e: e.message, reviewer: e.meta.reviewer || t('top.localAdmin') })
}

export function complain(e: unknown) {
  if (e instanceof ApiError && (e.status === 401 || e.status === 0)) return // the banner says it
  say(i18n.global.t('ui.failed', { e: told(e) }), 'error')
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

// Asking is a page's question to the server: whether it is on its way, and why it wasn't answered.
export interface Asking {
  busy: boolean
  failed: ApiError | null
  again: () => Promise<void>
}
// useAsking asks as work does. What is refused is said where the answer would stand, and nowhere else; once a later one
// was answered, it isn't.
export function useAsking(work: () => Promise<void>): Asking {
  let last = 0
  let answered = 0
  const asking = reactive<Asking>({
    busy: false,
    failed: null,
    async again() {
      const mine = ++last
      asking.busy = true
      let failed: ApiError | null = null
      try {
        await work()
      } catch (e) {
        failed = e instanceof ApiError ? e : new ApiError(-1, '', String(e))
      }
      if (mine < answered) return
      answered = mine
      asking.failed = failed
      if (mine === last) asking.busy = false
    },
  })
  return asking
}

// usePages asks for a list page by page: load() from its beginning, load(true) for what follows. What comes after it
// was asked anew is late, and passed over; taken is told what came otherwise.
export function usePages<T, A extends { nextPageToken: string }>(page: (token: string) => Promise<A>, rowsOf: (answer: A) => T[], taken: (answer: A) => void = () => undefined) {
  const rows = ref([]) as Ref<T[]>
  const more = ref('')
  let goOn = false
  let asked = 0
  const asking = useAsking(async () => {
    const on = goOn
    const mine = ++asked
    const answer = await page(on ? more.value : '')
    if (mine !== asked) return
    rows.value = on ? [...rows.value, ...rowsOf(answer)] : rowsOf(answer)
    more.value = answer.nextPageToken
    taken(answer)
  })
  function load(on = false) {
    goOn = on
    return asking.again()
  }
  return { rows, more, asking, load }
}

// useHiding hides what is shown in full when the browser goes on to another document: it may keep this one, to show it
// again as it was.
export function useHiding(hide: () => void) {
  onMounted(() => addEventListener('pagehide', hide))
  onUnmounted(() => removeEventListener('pagehide', hide))
}
