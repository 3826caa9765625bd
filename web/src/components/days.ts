// Days.vue, which comes after the rest and once the page stands: a calendar is as large as the page, and takes as long.
import { defineAsyncComponent } from 'vue'

const idle = () => new Promise<void>((then) => ('requestIdleCallback' in window ? requestIdleCallback(() => then(), { timeout: 1000 }) : setTimeout(then, 200)))
export default defineAsyncComponent({
  loader: async () => {
    await idle()
    return (await import('./Days.vue')).default
  },
  onError: (_, again) => setTimeout(again, 2000), // the connection was lost just then
})
