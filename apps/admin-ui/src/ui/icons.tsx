import type { SVGProps } from 'react';

/** Strokes on a 24 by 24 grid. */
const paths = {
  flag: 'M5 21V4m0 0h12l-2.5 4L17 12H5', flask: 'M9 3h6M10 3v6l-5.2 9a2 2 0 0 0 1.7 3h11a2 2 0 0 0 1.7-3L14 9V3M7.5 15h9', gauge: 'M4 19a9 9 0 1 1 16 0M12 15l4-5', pulse: 'M3 12h4l3-8 4 16 3-8h4',
  users: 'M16 20v-1.5a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4V20M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 20v-1.5a4 4 0 0 0-3-3.9M15.5 4.2a3.5 3.5 0 0 1 0 6.6', map: 'M9 4 3 6.5v14L9 18l6 2.5 6-2.5v-14L15 6.5 9 4m0 0v14m6-11.5v14', calendar: 'M4 6h16v14H4zM4 10h16M8 3v4m8-4v4', ruler: 'M4 20V10m5.3 10V4m5.4 16v-8m5.3 8V7',
  layers: 'm12 3 9 5-9 5-9-5zM3 13l9 5 9-5', key: 'M14.5 9.5a4.5 4.5 0 1 0-4.2 4.5L12 15.5h2.5V18H17v2.5h3.5v-3l-6.2-6.2c.1-.6.2-1.2.2-1.8M7.5 9h0', webhook: 'M12 8a4 4 0 1 0-4 4m4-4 3.5 6.2M9 12l-3.4 5.8M8 18h8m0 0a3 3 0 1 0 2-5', shield: 'M12 3 4.5 6v6c0 4.6 3.2 7.6 7.5 9 4.3-1.4 7.5-4.4 7.5-9V6zM9 12l2.2 2.2L15.5 10', check: 'm5 12.5 4.5 4.5L19 7.5', inbox: 'M4 13 6.5 5h11L20 13v6H4zm0 0h5l1 2.5h4l1-2.5h5',
  replay: 'M4 5v5h5M4.5 10A8 8 0 1 1 4 13', history: 'M4 5v5h5M4.5 10A8 8 0 1 1 4 13m8-5v4.5l3 2', book: 'M5 4.5h6a1.5 1.5 0 0 1 1.5 1.5v14a1.5 1.5 0 0 0-1.5-1.5H5zm14.5 0h-5.5A1.5 1.5 0 0 0 12.5 6v14a1.5 1.5 0 0 1 1.5-1.5h5.5z', search: 'm20 20-4.2-4.2M11 17.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13', plus: 'M12 5v14M5 12h14', minus: 'M5 12h14', close: 'm6 6 12 12M18 6 6 18', menu: 'M4 7h16M4 12h16M4 17h16', chevron: 'm9 6 6 6-6 6', down: 'm6 9 6 6 6-6', up: 'm6 15 6-6 6 6',
  arrowUp: 'M12 19V5m-6 6 6-6 6 6', arrowDown: 'M12 5v14m6-6-6 6-6-6', arrowRight: 'M5 12h14m-6-6 6 6-6 6', more: 'M5.5 12h0m6.5 0h0m6.5 0h0', edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4', trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 11v5.5m4-5.5v5.5', copy: 'M9 9h11v11H9zM5 15H4V4h11v1', archive: 'M4 5h16v4H4zm1.5 4v11h13V9M10 13h4', alert: 'M12 4 2.8 20h18.4zM12 10v4.5m0 2.5h0', info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18m0-10v5.5M12 8h0', lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3', clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18m0-14v5.5l3.5 2', sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8m0-13v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4', moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5', globe: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M3.5 9.5h17m-17 5h17M12 3c-5 5.5-5 12.5 0 18 5-5.5 5-12.5 0-18', logout: 'M10 4H5v16h5m4-4 4-4-4-4m4 4H9', split: 'M4 12h5l3-6h8M9 12l3 6h8m-3-15 3 3-3 3m0 6 3 3-3 3', target: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18m0-4.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9m0-4.5h0', link: 'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1', upload: 'M12 16V4m-5 5 5-5 5 5M4 17v3h16v-3', download: 'M12 4v12m-5-5 5 5 5-5M4 17v3h16v-3', play: 'M7 5v14l12-7z', pause: 'M8 5v14m8-14v14', send: 'M4 12 20 5l-5 15-3.5-6.5z', spark: 'M12 3v4m0 10v4M3 12h4m10 0h4M6 6l2.5 2.5m7 7L18 18M6 18l2.5-2.5m7-7L18 6', filter: 'M4 6h16l-6 7v5l-4 2v-7z', eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12m9.5 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6', settings: 'M4 7h9m5 0h2M4 17h3m5 0h8M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5m-6 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5', checks: 'm3 12.5 4 4 8-9m-2.5 7.5 1.5 1.5 7-9',
} as const;

export type IconName = keyof typeof paths;

/** Says nothing to a screen reader: what it stands for is in the text beside it, or in the label of its button. */
export function Icon({ name, size = 16, ...rest }: { name: IconName; size?: number } & Omit<SVGProps<SVGSVGElement>, 'name'>) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 3 : 1.8} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" {...rest}>
      <path d={paths[name]} />
    </svg>
  );
}
