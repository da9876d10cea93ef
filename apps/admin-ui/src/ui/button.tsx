import type { ReactNode } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip';
import { Icon, type IconName } from './icons';

type Look = 'default' | 'primary' | 'danger' | 'ghost';
interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> { look?: Look; small?: boolean; icon?: IconName; pending?: boolean; className?: string; children: ReactNode }

const classOf = (look: Look, small: boolean | undefined, more = ''): string => ['button', look === 'default' ? '' : look, small === true ? 'small' : '', more].filter(Boolean).join(' ');

/** While `pending` it stays focused and does nothing. */
export function Button({ look = 'default', small, icon, pending = false, className, children, ...rest }: ButtonProps) {
  return (
    <AriaButton className={classOf(look, small, className)} isPending={pending} {...rest}>
      {pending ? <span className="spinner" aria-hidden="true" /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

/** A button of an icon alone: its label is its tooltip. */
export function IconButton({ label, icon, look = 'ghost', small, className, ...rest }: { label: string; icon: IconName; look?: Look; small?: boolean; className?: string } & Omit<AriaButtonProps, 'className' | 'children' | 'style'>) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton className={classOf(look, small, `icon ${className ?? ''}`)} aria-label={label} {...rest}><Icon name={icon} /></AriaButton>
      <Tooltip className="tooltip" offset={6}>{label}</Tooltip>
    </TooltipTrigger>
  );
}

/** Classes that make a link look like a button. */
export const buttonClass = (look: Look = 'default', small = false): string => classOf(look, small);
