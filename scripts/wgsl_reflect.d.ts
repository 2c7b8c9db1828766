// wgsl_reflect's own index.d.ts covers its main entry, which Node cannot load; this is the module that it can.
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
