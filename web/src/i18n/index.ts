import { createI18n } from 'vue-i18n'
import { prefs } from '../prefs'
import { watch } from 'vue'
import zh from './zh'
import en from './en'

export const i18n = createI18n({ legacy: false, locale: prefs.language, fallbackLocale: 'en', messages: { zh, en }, missingWarn: false, fallbackWarn: false })
watch(
  () => prefs.language,
  (l) => {
    i18n.global.locale.value = l
  },
)

const { t, te } = i18n.global

// A word of the API in the reader's language, or as it is where we have none, such as a lexicon's own class.
export function word(kind: string, id: string): string {
  if (!id) return '—'
  const key = `${kind}.${id}`
  return te(key) ? t(key) : te(key, 'en') ? t(key) : id
}
