/// Small handwritten XGBoost models, in the layouts of several versions.
public enum HandMadeModel {
  /// Two trees on columns a and b: `a < 0.5 ? -1 : (b < 2 ? 0.25 : 1)`, missing a left, missing b right, and a single leaf 0.125.
  public static func json(
    baseScore: String = "5E-1", objective: String = "binary:logistic", left: String = "[1,-1,3,-1,-1]",
    right: String = "[2,-1,4,-1,-1]", indices: String = "[0,0,1,0,0]", conditions: String = "[0.5,-1,2,0.25,1]",
    info: String = "[0,0]", booster: String = "gbtree", extra: String = ""
  ) -> String {
    """
    {"learner":{"attributes":{},"feature_names":["a","b"],"feature_types":["float","float"],
    "gradient_booster":{"model":{"gbtree_model_param":{"num_trees":"2"},"tree_info":\(info),"trees":[
    {"left_children":\(left),"right_children":\(right),"parents":[2147483647,0,0,2,2],"split_indices":\(indices),
    "split_conditions":\(conditions),"default_left":[1,0,0,0,0],"categories":[],"categories_nodes":[],"categories_segments":[],
    "categories_sizes":[],"tree_param":{"num_nodes":"5","size_leaf_vector":"0"}},
    {"left_children":[-1],"right_children":[-1],"split_indices":[0],"split_conditions":[0.125],"default_left":[0]}]},
    "name":"\(booster)"\(extra)},"learner_model_param":{"base_score":"\(baseScore)","num_class":"0","num_feature":"2"},
    "objective":{"name":"\(objective)"}},"version":[1,7,6]}
    """
  }
}
