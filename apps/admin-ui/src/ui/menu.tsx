import type { ReactNode } from 'react';
import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';
import { Icon, type IconName } from './icons';

export interface MenuEntry { id: string; label: string; icon?: IconName; danger?: boolean; disabled?: boolean; onAction: () => void }

/** A button (the child) that opens a list of things to do. */
export function Menu({ label, trigger, items }: { label: string; trigger: ReactNode; items: readonly MenuEntry[] }) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover" placement="bottom end" offset={4}>
        <AriaMenu aria-label={label} disabledKeys={items.filter((item) => item.disabled === true).map((item) => item.id)} onAction={(id) => items.find((item) => item.id === id)?.onAction()}>
          {items.map((item) => (
            <MenuItem key={item.id} id={item.id} textValue={item.label} className={`option${item.danger === true ? ' danger' : ''}`}>
              {item.icon !== undefined && <Icon name={item.icon} />}<span>{item.label}</span>
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
