/** What the file says of somebody with these Slack accounts, the one by which they are reached first. */
export const inSlack = (...ids: readonly string[]) => ({ accounts: ids.map((id) => ({ door: "slack", id })) });
