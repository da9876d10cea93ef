/** As the server wants it (PASSWORD_LENGTH of contracts, whose decorators no browser needs). */
export const PASSWORD_LENGTH_LEAST = 12;
