export * from './aggregate';
export * from './database';
export * from './event-batch';
export * from './event-log';
export * from './projection';
export * from './unavailable';
