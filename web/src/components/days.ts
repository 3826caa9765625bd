// Days.vue, which comes after the rest: a calendar is as large as the page.
import { defineAsyncComponent } from 'vue'

export default defineAsyncComponent(() => import('./Days.vue'))
