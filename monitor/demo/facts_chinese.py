"""Articles that mix Chinese and English, as the Suzhou support team writes them."""
# ruff: noqa: E501, RUF001  full-width letters count twice, and full-width punctuation is how Chinese is written

from __future__ import annotations

from monitor.demo.tables import parse_entries

CHINESE = parse_entries("""
# zh-reset | gateway | Heron 网关恢复出厂设置 (factory reset)
按住背面的 reset 按钮 12 秒，直到指示灯变成紫色，然后松开。网关会删除所有本地配置，重新启动后从 Beacon 下载设置。静态 IP 的
uplink 需要手动重新输入。重启大约需要 3 分钟，期间网络中断。
? 网关怎么恢复出厂设置
? how to wipe a gateway, instructions in Chinese
# zh-warranty | company | 中国大陆保修政策 (warranty, mainland China)
硬件保修期为 3 年，switch 系列为 5 年。DOA 设备在收货后 10 天内可以免费更换。保修不包括雷击、进水和自行拆机造成的损坏。请提供序列号和
发票 (fapiao) 照片。
? 保修期多久
? warranty conditions for customers in China
? 雷击损坏能保修吗
# zh-fapiao | tally | 如何申请增值税发票 (VAT fapiao)
在 Tally 的 Account 页面填写公司名称和税号，选择普通发票或专用发票。电子发票在付款后 2 个工作日内发送到邮箱。发票开具后不能修改，只能
作废重开。
? 怎么开增值税发票
? get a Chinese tax receipt
# zh-poe | switch | Loom 交换机 PoE 供电不足怎么办
如果报 LOM-2107，说明所有端口的总功率超过电源预算。低优先级的端口会先断电。解决办法：降低摄像头的功率等级，增加第二个电源，或者把部分
AP 移到另一台交换机。
? 交换机供电不足 摄像头断电
? Chinese note on power budget of switches
# zh-raid | storage | Cairn 硬盘故障与重建 (rebuild)
琥珀色灯表示硬盘故障。先查看屏幕上的 bay 编号，再拔出硬盘。新硬盘容量不能小于原硬盘。重建速度约为每 TB 两小时，期间不要拔第二块硬盘。
建议先检查 replica 是否最新。
? 硬盘坏了怎么更换
? 重建需要多长时间
? replacing a disk, Chinese version
# zh-roaming | access point | Wisp 无线漫游设置 (fast roaming)
所有 AP 使用相同的 SSID，并打开 fast transition。降低发射功率可以避免手机粘在远处的 AP 上。老式扫码枪不支持快速漫游，请为它们建立单独的
网络。
? 手机漫游掉线
? 扫码枪连不上无线
? roaming guide for the Suzhou team
# zh-export | company | 出口管制与发货 (export control)
发往受限国家的订单会被 TERN 通知暂停，已经打包的货物也要停止。解除需要法务部书面确认。请不要为了避开检查而拆分订单。
? 订单为什么被暂停发货
? export hold rules in Chinese
# zh-shifts | company | 苏州工厂班次安排 (Suzhou shifts)
工厂实行两班制：早班 7:00–15:30，晚班 15:30–24:00。年度检修 ADIT 期间停工两天。国定假日安排在每年 12 月公布。夜间紧急情况请联系值班的
OWL。
? 苏州工厂晚班几点结束
? shift times at the Suzhou plant
# zh-api | beacon | Beacon API 调用频率限制 (rate limit)
每个 token 每分钟最多 600 次调用，超过会返回 429 和等待秒数。建议一次请求查询多个设备，不要逐台查询。每个脚本使用自己的 token，泄露时可以
单独撤销。
? API 返回 429 怎么处理
? 每分钟可以调用多少次
? Chinese explanation of the request limit
# zh-encrypt | storage | 数据集加密与密钥保管 (encryption keys)
加密只能在创建 dataset 时选择。密钥文件只显示一次，请保存在公司保险柜和密码管理器中。断电后 dataset 保持锁定，直到输入密钥。密钥丢失后
Larkmoor 也无法恢复数据。
? 密钥丢了还能恢复数据吗
? keep the encryption key safe, Chinese
# zh-lease | company | 设备租赁方案 (hardware lease)
租期为 36 或 48 个月，月费包含硬件、更换和回收。期满后可以归还、以原价十分之一购买或换新。提前解约需要支付两个月租金。
? 租赁设备提前解约要付多少
? leasing terms in Chinese
# zh-leak | sensor | Ember W1 漏水报警处理 (leak alarm)
漏水绳报警后，先断开地面设备的电源，找到水源，再把绳子擦干并按下按钮重新布防。高架地板下面请沿最低处铺设。报警会在 5 秒内发送到手机。
? 机房漏水报警怎么办
? water alarm steps for Chinese staff
# zh-guest | gateway | 访客网络与欢迎页 (guest portal)
新建类型为 Guest 的网络。访客接受条款后可以上网 8 小时，不能访问打印机和文件共享。前台可以批量打印 voucher。欢迎页支持中文和英文 logo。
? 访客怎么上网
? 访客网络能访问打印机吗
? visitor network described in Chinese
# zh-price | company | 2026 年价格表说明 (price list notes)
人民币价格包含 13% 增值税。订单超过 50 万元可以申请项目价。教育机构硬件优惠 20%，订阅优惠 50%，不能与以旧换新同时使用。
? 学校买设备有优惠吗
? 项目价需要多少金额
? prices in renminbi
# zh-update | switch | 离线升级 LoomOS (offline update)
没有互联网时，用 console 线和传输工具升级，大约 9 分钟，转发会中断 40 秒。落后两个版本以上的设备必须先升级到中间版本。升级前请备份配置。
? 没有外网怎么升级交换机
? offline firmware update in Chinese
# zh-audit | company | 苏州工厂审核记录 (plant audit)
2026 年 3 月，Norrsken Assurance 对苏州工厂进行了 ISO 9001 审核，发现两个轻微不符合项：一个焊台的校准标签过期，一份培训记录缺少签名。整改在
30 天内完成。
? 苏州工厂审核发现了什么问题
? findings of the audit in Suzhou
# zh-onboard | company | 新员工入职 (onboarding)
第一天领取工牌和电脑，完成安全培训。第一周由 mentor 带领参观车间。试用期为 3 个月。班车每天 6:40 从苏州火车站出发。
? 班车几点出发
? 试用期多长
? first day at the Chinese plant
# zh-vpn | gateway | 总部与分支之间的隧道 (site-to-site tunnel)
两台 Heron 注册到同一个 Beacon 组织，然后在 Network → Tunnels 新建隧道。密钥自动生成。如果两边子网重叠，必须先修改其中一个。指示灯变绿表示
隧道已经建立。
? 分公司和总部怎么建立加密连接
? tunnel setup in Chinese
""")
