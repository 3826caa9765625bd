// The parts of Element Plus that are used, each with its styles.
import 'element-plus/es/components/base/style/css.mjs'
import 'element-plus/es/components/button/style/css.mjs'
import 'element-plus/es/components/date-picker/style/css.mjs' // of a part that comes later: what can't be had then is asked for again, but not its styles
import 'element-plus/es/components/dialog/style/css.mjs'
import 'element-plus/es/components/input/style/css.mjs'
import 'element-plus/es/components/switch/style/css.mjs'

export { ElButton } from 'element-plus/es/components/button/index.mjs'
export { ElDialog } from 'element-plus/es/components/dialog/index.mjs'
export { ElInput } from 'element-plus/es/components/input/index.mjs'
export { ElSwitch } from 'element-plus/es/components/switch/index.mjs'
