// The few words that the plan and the list say themselves, in both languages.

export type Lang = 'zh' | 'en';

const WORDS = {
  map: { zh: '校园地图', en: 'Campus map' },
  plan: { zh: '楼层平面', en: 'Floor plan' },
  back: { zh: '返回校园', en: 'Back to the campus' },
  buildings: { zh: '楼宇', en: 'Buildings' },
  storeys: { zh: '楼层', en: 'Storeys' },
  rooms: { zh: '房间', en: 'Rooms' },
  links: { zh: '链路', en: 'Links' },
  none: { zh: '无数据', en: 'no data' },
  stale: { zh: '已过期', en: 'stale' },
  simulated: { zh: '模拟', en: 'simulated' },
  estimated: { zh: '估计', en: 'estimated' },
  derived: { zh: '推算', en: 'derived' },
  untouched: { zh: '不受影响', en: 'not affected' },
  weakened: { zh: '冗余降低', en: 'weakened' },
  lost: { zh: '失去供给', en: 'lost' },
  cause: { zh: '故障所在', en: 'cause' },
  empty: { zh: '此层没有房间几何', en: 'This storey has no room geometry' },
  loading: { zh: '正在载入平面', en: 'Loading the plan' },
  failed: { zh: '平面无法载入', en: 'The plan could not be loaded' },
} as const;

export const word = (key: keyof typeof WORDS, lang: Lang): string => WORDS[key][lang];
