import type { BatchAnswer, Options, Row, WatchUpdate } from './types.js';
export interface Answer<T> {
    code: 0;
    data: T;
}
/** An error of the SDK's kind. */
export interface ChatError extends Error {
    code: number;
    data: object;
}
export interface CreateOptions extends Pick<Options, 'fetch' | 'cache' | 'transport'> {
    SDKAppID: number | string;
    /** The address of the gateway with its version: `https://example.com/v1`. */
    gateway: string;
}
export interface ListOptions {
    type?: string;
    markType?: number;
    groupName?: string;
    hasUnreadCount?: boolean;
    hasGroupAtInfo?: boolean;
}
export interface EventData {
    sdkStateReady: undefined;
    sdkStateNotReady: undefined;
    sdkDestroy: {
        SDKAppID: number;
    };
    onConversationListUpdated: Row[];
    onTotalUnreadMessageCountUpdated: number;
    onConversationGroupListUpdated: string[];
    onConversationInGroupUpdated: {
        groupName: string;
        conversationList: Row[];
    };
    kickedOut: {
        type: 'userSigExpired';
    };
    netStateChange: {
        state: 'connected' | 'connecting' | 'disconnected';
    };
    error: {
        code: number;
        message: string;
    };
    /** Ours: the steps of an update. */
    'conv:patch': WatchUpdate;
}
export type Handler<E extends keyof EventData> = (event: {
    name: E;
    data: EventData[E];
}) => void;
type Batch = Pick<BatchAnswer, 'successConversationIDList' | 'failureConversationIDList'>;
type One = {
    conversationID: string;
};
type Some = {
    conversationIDList: string[];
};
export interface Chat {
    login(options: {
        userID: string;
        userSig: string;
    }): Promise<Answer<{
        actionStatus: 'OK';
        errorCode: 0;
        errorInfo: '';
        repeatLogin?: boolean;
    }>>;
    logout(): Promise<Answer<object>>;
    destroy(): Promise<void>;
    isReady(): boolean;
    getLoginUser(): string;
    /** In milliseconds. A rejected promise before the login, as with the SDK. */
    getServerTime(): number;
    /** A rejected promise before the login, as with the SDK. */
    getTotalUnreadMessageCount(): number;
    setLogLevel(level: number): void;
    registerPlugin(options: object): void;
    on<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
    once<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
    off<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
    getConversationList(options?: string[] | ListOptions): Promise<Answer<{
        conversationList: Row[];
        isSyncCompleted: boolean;
    }>>;
    getConversationProfile(conversationID: string): Promise<Answer<{
        conversation: Row;
    }>>;
    deleteConversation(conversationID: string): Promise<Answer<One>>;
    deleteConversation(options: Some & {
        clearHistoryMessage?: boolean;
    }): Promise<Answer<Some>>;
    pinConversation(options: One & {
        isPinned: boolean;
    }): Promise<Answer<One>>;
    setMessageRead(options: One): Promise<Answer<object>>;
    setAllMessageRead(options?: {
        scope?: string;
    }): Promise<Answer<object>>;
    markConversation(options: Some & {
        markType: number;
        enableMark: boolean;
    }): Promise<Answer<Batch>>;
    setConversationCustomData(options: Some & {
        customData: string;
    }): Promise<Answer<Batch>>;
    setConversationDraft(options: One & {
        draftText: string;
    }): Promise<Answer<{
        code: 0;
        conversation: Row;
    }>>;
    getConversationGroupList(): Promise<Answer<string[]>>;
    createConversationGroup(options: Some & {
        groupName: string;
    }): Promise<Answer<Batch>>;
    deleteConversationGroup(groupName: string): Promise<Answer<object>>;
    renameConversationGroup(options: {
        oldName: string;
        newName: string;
    }): Promise<Answer<object>>;
    addConversationsToGroup(options: Some & {
        groupName: string;
    }): Promise<Answer<Batch>>;
    deleteConversationsFromGroup(options: Some & {
        groupName: string;
    }): Promise<Answer<Batch>>;
}
/** Returns the client of an app, the same one until it is destroyed; null without an SDKAppID. */
declare function create(options: CreateOptions): Chat | null;
declare const TencentCloudChat: {
    create: typeof create;
    EVENT: {
        readonly SDK_READY: "sdkStateReady";
        readonly SDK_NOT_READY: "sdkStateNotReady";
        readonly SDK_DESTROY: "sdkDestroy";
        readonly CONVERSATION_LIST_UPDATED: "onConversationListUpdated";
        readonly TOTAL_UNREAD_MESSAGE_COUNT_UPDATED: "onTotalUnreadMessageCountUpdated";
        readonly CONVERSATION_GROUP_LIST_UPDATED: "onConversationGroupListUpdated";
        readonly CONVERSATION_IN_GROUP_UPDATED: "onConversationInGroupUpdated";
        readonly KICKED_OUT: "kickedOut";
        readonly NET_STATE_CHANGE: "netStateChange";
        readonly ERROR: "error";
    };
    TYPES: {
        readonly CONV_C2C: "C2C";
        readonly CONV_GROUP: "GROUP";
        readonly CONV_TOPIC: "TOPIC";
        readonly CONV_SYSTEM: "@TIM#SYSTEM";
        readonly CONV_AT_ME: 1;
        readonly CONV_AT_ALL: 2;
        readonly CONV_AT_ALL_AT_ME: 3;
        readonly CONV_MARK_TYPE_STAR: 1;
        readonly CONV_MARK_TYPE_UNREAD: 2;
        readonly CONV_MARK_TYPE_FOLD: 4;
        readonly CONV_MARK_TYPE_HIDE: 8;
        readonly GRP_WORK: "Private";
        readonly GRP_PUBLIC: "Public";
        readonly GRP_MEETING: "ChatRoom";
        readonly GRP_AVCHATROOM: "AVChatRoom";
        readonly GRP_COMMUNITY: "Community";
        readonly MSG_TEXT: "TIMTextElem";
        readonly MSG_IMAGE: "TIMImageElem";
        readonly MSG_AUDIO: "TIMSoundElem";
        readonly MSG_VIDEO: "TIMVideoFileElem";
        readonly MSG_FILE: "TIMFileElem";
        readonly MSG_FACE: "TIMFaceElem";
        readonly MSG_LOCATION: "TIMLocationElem";
        readonly MSG_CUSTOM: "TIMCustomElem";
        readonly MSG_MERGER: "TIMRelayElem";
        readonly MSG_GRP_TIP: "TIMGroupTipElem";
        readonly MSG_GRP_SYS_NOTICE: "TIMGroupSystemNoticeElem";
        readonly MSG_REMIND_ACPT_AND_NOTE: "AcceptAndNotify";
        readonly MSG_REMIND_ACPT_NOT_NOTE: "AcceptNotNotify";
        readonly MSG_REMIND_DISCARD: "Discard";
        readonly NOT_RECEIVE_OFFLINE_PUSH_EXCEPT_AT: "AcceptNotNotifyExceptAt";
        readonly NOT_RECEIVE_MSG_EXCEPT_AT: "NotReceiveMsgExceptAt";
        readonly READ_ALL_C2C_MSG: "readAllC2CMessage";
        readonly READ_ALL_GROUP_MSG: "readAllGroupMessage";
        readonly READ_ALL_MSG: "readAllMessage";
        readonly NET_STATE_CONNECTED: "connected";
        readonly NET_STATE_CONNECTING: "connecting";
        readonly NET_STATE_DISCONNECTED: "disconnected";
        readonly KICKED_OUT_USERSIG_EXPIRED: "userSigExpired";
    };
    VERSION: string;
};
export default TencentCloudChat;
