// What somebody chose for this browser: language, theme, how fast to play.
import { reactive, ref, watch, type Reactive } from 'vue'

export interface Prefs {
  language: 'zh' | 'en'
  theme: 'auto' | 'light' | 'dark'
  rate: number
  autoplay: boolean
}

const key = 'refrain'
function read(): Partial<Prefs> {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '{}')
  } catch {
    return {}
  }
}
export const prefs = reactive<Prefs>({ language: 'zh', theme: 'auto', rate: 1.25, autoplay: true, ...read() })

const dark = matchMedia('(prefers-color-scheme: dark)')
// Whether it is dark now, for what draws by itself.
export const isDark = ref(false)
function apply() {
  isDark.value = prefs.theme === 'dark' || (prefs.theme === 'auto' && dark.matches)
  document.documentElement.classList.toggle('dark', isDark.value)
  document.documentElement.lang = prefs.language === 'zh' ? 'zh-CN' : 'en'
}
dark.addEventListener('change', apply)
watch(prefs, () => {
  apply()
  try {
    localStorage.setItem(key, JSON.stringify(prefs))
  } catch {
    // a browser that keeps nothing still works
  }
})
apply()

// What somebody last chose on a page, such as its filters, kept for as long as the browser's tab is open: by the
// next morning yesterday's filters would hide today's calls.
export function remembered<T extends object>(name: string, first: T): Reactive<T> {
  const at = `refrain.chosen.${name}`
  let kept: Partial<T> = {}
  try {
    kept = JSON.parse(sessionStorage.getItem(at) ?? '{}')
  } catch {
    // then as at first
  }
  const value = reactive<T>({ ...first, ...kept })
  watch(value, () => {
    try {
      sessionStorage.setItem(at, JSON.stringify(value))
    } catch {
      // it is chosen again
    }
  })
  return value
}
