export { connect } from '../../js/src/index.ts';
