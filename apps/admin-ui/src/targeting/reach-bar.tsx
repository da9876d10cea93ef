import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import type { Reach } from './preview';

/** Of a sample: how many each rule takes, and how many are left to the default. */
export function ReachBar({ reach, names }: { reach: Reach; names: readonly string[] }) {
  const t = useT();
  const formats = useFormats();
  const parts = [...names.map((name, index) => ({ name, count: reach.byRule.get(name) ?? 0, look: `s${(index % 4) + 1}` })), { name: t('targeting.default'), count: reach.byRule.get('') ?? 0, look: 's5' }];
  return (
    <div className="stack tight">
      <div className="reach-bar" aria-hidden="true">{parts.map(({ name, count, look }) => <i key={name} className={look} style={{ flexGrow: count }} />)}</div>
      <ul className="reach-legend tiny soft">
        {parts.map(({ name, count, look }) => <li key={name} className="row"><span className={`swatch ${look}`} aria-hidden="true" /><span className="truncate">{name}</span> {formats.percent(count / Math.max(1, reach.size))}</li>)}
        {reach.failed > 0 && <li>{t('targeting.sample.failed', { count: reach.failed })}</li>}
      </ul>
    </div>
  );
}
